// One run of the graph and what each blank of the walk holds at a position, without a document: as
// state.py and blanks.py have it in Python. In front of it page.py puts the graph: root, kind (which
// of `ops` a node is, -1: a leaf), operands, leaves, names; and the words that change.
const isNode = (x) => typeof x === "number"; // a number operand is in an array of its own
const forEachNode = (i, act) => operands[i].forEach((x, slot) => isNode(x) && act(x, slot));

// ---------------------------------------------------------------- the graph
const turns = kind.flatMap((k, i) => (k < 0 ? [] : [i])); // the ops, in forward order
const forward = turns.length, end = 2 * forward;
const turn = (k) => turns[k <= forward ? k - 1 : end - k];
const sends = []; // the position at which an op has sent its parts back
turns.forEach((i, rank) => (sends[i] = end - rank));
const python = new Map(leaves);
const frozen = new Set(leaves.filter((leaf) => !leaf[2]).map((leaf) => leaf[0]));
const users = kind.map(() => []); // in the order in which they send
turns.toReversed().forEach((i) => forEachNode(i, (x, slot) => users[x].push([i, slot])));

// ---------------------------------------------------------------- one run, by the records' rules
let here = new Map(python), run;
const at = (i, v) => operands[i].map((x) => (isNode(x) ? v[x] : x[0]));

function values(given) {
  const v = [];
  kind.forEach((k, i) => v.push(k < 0 ? given.get(i) : ops[k].v(...at(i, v))));
  return v;
}

function evaluate() {
  const v = values(here), checked = turns.map((i) => v[i]), [g, p, a, t] = [[], [], [], []];
  const reached = new Set([root]); // from the root, by a way that nothing cuts
  g[root] = 1;
  for (const i of turns.toReversed()) {
    const { p: partials, s: selects } = ops[kind[i]], local = partials?.(...at(i, v), v[i]);
    let sum = g[i];
    [p[i], a[i], t[i]] = [[], [], []];
    forEachNode(i, (x, slot) => {
      if (frozen.has(x)) return;
      p[i][slot] = local[slot] ?? 0; // null: nothing ever passes
      const cut = local[slot] === null || (selects && local[slot] === 0);
      const passes = reached.has(i) && !cut;
      if (passes) reached.add(x);
      sum += a[i][slot] = passes ? g[i] * local[slot] : 0;
      g[x] = t[i][slot] = (g[x] ?? 0) + a[i][slot];
    });
    checked.push(sum);
  }
  const odd = 1 + checked.findIndex((x) => !Number.isFinite(x)); // 0: nothing is nan or inf
  run = { v, g, p, a, t, odd, r: [] }; // r: on demand
}

// ---------------------------------------------------------------- numbers as people read them
const size = Math.abs;

function rounded(x) {
  if (!Number.isFinite(x)) return x;
  const [digits, e] = size(x).toExponential().replace(".", "").split("e"); // as Python's repr
  const five = Number(digits.slice(0, 5)) + (digits[5] >= "5"); // ties go away from zero
  return Math.sign(x) * Number(`${five}e${e - Math.min(digits.length, 5) + 1}`);
}

function show(x) {
  if (x === undefined) return "–";
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "inf").replace("NaN", "nan");
  const five = rounded(x);
  const fixed = five === 0 || (size(five) >= 1e-4 && size(five) < 1e6);
  return fixed ? String(five) : five.toExponential().replace("+", "");
}

function nudge(x) {
  if (x === 0 || !Number.isFinite(x) || (size(x) >= 0.1 && size(x) < 100)) return 0.01;
  return Number(`1e${x.toExponential().split("e")[1] - 2}`);
}

// ---------------------------------------------------------------- what has come by a position
let position = forward;
const arrived = ([user]) => sends[user] <= position;
const ready = (i) => turns.filter((x) => x < i && users[x].at(-1)[0] > i);

function total(i) {
  if (i === root) return position > forward ? 1 : undefined;
  const last = users[i].findLast(arrived);
  return last && run.t[last[0]][last[1]]; // no number, if it is frozen
}

// ---------------------------------------------------------------- blanks
const made = {
  d: (i) => nudge(run.v[i]), u: (i) => run.v[i] + nudge(run.v[i]),
  b: (i) => size(run.g[i]) * nudge(run.v[i]),
  r: (i) => (run.r[i] ??= (run.g[i] < 0 ? -1 : 1) * (raised(i)[root] - run.v[root])),
};
const raised = (i) => values(new Map(here).set(i, made.u(i)));
const number = (k, i, slot) => made[k]?.(i) ?? ("pat".includes(k) ? run[k][i][slot] : run[k][i]);

const onPrinted = {
  v: (i) => ops[kind[i]].v(...at(i, run.v.map(rounded))),
  p: (i, slot) => ops[kind[i]].p(...at(i, run.v.map(rounded)), rounded(run.v[i]))[slot] ?? 0,
  a: (i, slot) => rounded(run.g[i]) * rounded(run.p[i][slot]),
  g: (i) => users[i].reduce((sum, [user, slot]) => sum + rounded(run.a[user][slot]), 0),
};
function holds(k, i, slot) {
  const byHand = Number(onPrinted[k](i, slot).toPrecision(12));
  if (k === "a" && Number.isNaN(byHand) && run.a[i][slot] === 0) return 2; // nothing passes
  return Number(show(byHand) === show(number(k, i, slot)));
}

// Which of the record's sentences is true.
const fits = (i) => ops[kind[i]].c(...at(i, run.v), run.v[i]);

function moves(i) {
  if (!Number.isFinite(made.b(i)) || !Number.isFinite(made.r(i))) return 3;
  return made.b(i) === 0 ? 2 : Number(run.g[i] < 0);
}

function bends(i) {
  const [about, really] = [made.b(i), made.r(i)];
  return Number(size(about - really) > 0.1 * Math.max(about, size(really)));
}

const texts = {
  e: (k, i, slot) => words.e[holds(k, i, slot)],
  q: (k, i, slot) => words.q[holds(k, i, slot)],
  w: (k, i) => (run.v[i] < 0 ? `(${show(run.v[i])})` : show(run.v[i])),
  o: (k, i) => show(total(i)),
  m: (k, i) => words.m[moves(i)],
  b: (k, i) => (moves(i) > 1 ? "" : show(made.b(i))),
  k: (k, i) => words.k[bends(i)],
};
const filled = (k, of, i, slot) => texts[k]?.(of, i, slot) ?? show(number(k, i, slot));
