// One run of the graph and what each blank of the walk holds at a position, without a document: as
// state.py and blanks.py have it in Python. In front of it page.py puts the graph: root, kind (which
// of `ops` a node is, -1: a leaf), inputs, numbers, leaves; and the words that change.

// ---------------------------------------------------------------- the graph
// A place is where an op reads: its slots' places lie side by side, from starts[op] on. A number is
// read behind the last node.
const count = kind.length, starts = [0], owner = [], users = kind.map(() => []);
const turns = kind.flatMap((k, i) => (k < 0 ? [] : [i])); // the ops, in forward order
const forward = turns.length, end = 2 * forward, rank = new Int32Array(count);
const python = new Map(leaves.map(([i, value]) => [i, value]));
const frozen = new Set(leaves.flatMap(([i, , recording]) => (recording ? [] : [i])));
kind.forEach((k, i) => {
  for (let slot = 0; slot < (ops[k]?.n ?? 0); slot++) owner.push(i);
  starts.push(owner.length);
});
turns.forEach((i, n) => (rank[i] = n));
function forEachNode(i, act) {
  for (let p = starts[i]; p < starts[i + 1]; p++) if (inputs[p] < count) act(inputs[p], p);
}
// in the order in which they send
turns.toReversed().forEach((i) => forEachNode(i, (x, p) => users[x].push(p)));

// ---------------------------------------------------------------- one run, by the records' rules
let here = new Map(python), run, recorded; // the last: as it was in Python
const operands = (i, v) => inputs.slice(starts[i], starts[i + 1]).map((x) => v[x]);

function values(given) {
  const v = new Float64Array(count + numbers.length);
  v.set(numbers, count);
  given.forEach((value, i) => (v[i] = value));
  for (const i of turns) v[i] = ops[kind[i]].v(...operands(i, v));
  return v;
}

function evaluate() {
  const v = values(here), g = new Float64Array(count), checked = turns.map((i) => v[i]);
  const [p, a, t] = [1, 2, 3].map(() => new Float64Array(inputs.length));
  const reached = new Uint8Array(count); // from the root, by a way that nothing cuts
  g[root] = reached[root] = 1;
  for (const i of turns.toReversed()) {
    const { p: partials, s: selects } = ops[kind[i]], local = partials?.(...operands(i, v), v[i]);
    let sum = g[i];
    for (let at = starts[i], slot = 0; at < starts[i + 1]; at++, slot++) {
      const x = inputs[at];
      if (x >= count || frozen.has(x)) continue;
      const slope = local[slot];
      p[at] = slope ?? 0; // null: nothing ever passes
      if (reached[i] && slope !== null && !(selects && slope === 0)) {
        reached[x] = 1;
        sum += a[at] = g[i] * slope;
      }
      g[x] = t[at] = g[x] + a[at];
    }
    checked.push(sum);
  }
  const odd = 1 + checked.findIndex((x) => !isFinite(x)); // 0: nothing is nan or inf
  run = { v, g, p, a, t, odd, r: [] }; // r: on demand
}

// ---------------------------------------------------------------- numbers as people read them
const size = Math.abs;

function rounded(x) {
  if (!isFinite(x)) return x;
  const [digits, e] = size(x).toExponential().replace(".", "").split("e"); // as Python's repr
  const five = Number(digits.slice(0, 5)) + (digits[5] >= "5"); // ties go away from zero
  return Math.sign(x) * Number(`${five}e${e - Math.min(digits.length, 5) + 1}`);
}

function show(x) {
  if (x === undefined) return "–";
  if (!isFinite(x)) return String(x).replace("Infinity", "inf").replace("NaN", "nan");
  const five = rounded(x);
  const fixed = five === 0 || (size(five) >= 1e-4 && size(five) < 1e6);
  return fixed ? String(five) : five.toExponential().replace("+", "");
}

function nudge(x) {
  if (x === 0 || !isFinite(x) || (size(x) >= 0.1 && size(x) < 100)) return 0.01;
  return Number(`1e${x.toExponential().split("e")[1] - 2}`);
}

// ---------------------------------------------------------------- what has come by a position
// A stop is the ops that go at once: state.py's stops. A position counts stops, a step ops.
let stops, stopOf, half, full, position;
let secret = 0; // 1: what the present stop sends has not come yet, as it is to be guessed

function arrange(found) {
  [stops, stopOf, half, full] = [found, [], found.length, 2 * found.length];
  stops.forEach((stop, n) => stop.forEach((i) => (stopOf[i] = n)));
}

const turn = (k) => stops[k <= half ? k - 1 : full - k];
const stepOf = (k) => (k === 0 ? 0 : k <= half ? rank[turn(k).at(-1)] + 1 : end - rank[turn(k)[0]]);
function positionOf(step) {
  if (step <= forward) return step > 0 ? stopOf[turns[step - 1]] + 1 : 0;
  return full - stopOf[turns[Math.max(0, end - step)]];
}
const arrived = (p) => full - stopOf[owner[p]] <= position - secret;
const ready = () =>
  stops.filter((stop, n) => {
    const sent = (p) => stopOf[owner[p]] === n || full - stopOf[owner[p]] < position;
    return full - n > position && stop.every((i) => users[i].every(sent));
  });
const known = (i) => kind[i] < 0 || stopOf[i] < position;

function total(i, of = run) {
  if (i === root) return position > half ? 1 : undefined;
  const come = frozen.has(i) ? [] : users[i].filter(arrived);
  return come.length ? come.reduce((sum, p) => sum + of.a[p], 0) : undefined;
}

// ---------------------------------------------------------------- blanks
const made = {
  d: (i) => nudge(run.v[i]), u: (i) => run.v[i] + nudge(run.v[i]),
  b: (i) => size(run.g[i]) * nudge(run.v[i]),
  r: (i) => (run.r[i] ??= (run.g[i] < 0 ? -1 : 1) * (raised(i)[root] - run.v[root])),
};
const raised = (i) => values(new Map(here).set(i, made.u(i)));
const number = (k, i, slot) => made[k]?.(i) ?? run[k]["pat".includes(k) ? starts[i] + slot : i];

const printed = (i) => operands(i, run.v).map(rounded);
const onPrinted = {
  v: (i) => ops[kind[i]].v(...printed(i)),
  p: (i, slot) => ops[kind[i]].p(...printed(i), rounded(run.v[i]))[slot] ?? 0,
  a: (i, slot) => rounded(run.g[i]) * rounded(number("p", i, slot)),
  g: (i) => users[i].reduce((sum, p) => sum + rounded(run.a[p]), 0),
};
function holds(k, i, slot) {
  const byHand = Number(onPrinted[k](i, slot).toPrecision(12));
  if (k === "a" && Number.isNaN(byHand) && number(k, i, slot) === 0) return 2; // nothing passes
  return Number(show(byHand) === show(number(k, i, slot)));
}

// Which of the record's sentences is true.
const fits = (i) => ops[kind[i]].c(...operands(i, run.v), run.v[i]);

function moves(i) {
  if (!isFinite(made.b(i))) return 3;
  if (!isFinite(made.r(i))) return 4;
  return made.b(i) === 0 ? 2 : Number(run.g[i] < 0);
}

function bends(i) {
  const [about, really] = [made.b(i), made.r(i)];
  return Number(size(about - really) > 0.1 * Math.max(about, size(really)));
}

const unsaid = (k, i, slot) =>
  secret && turn(position).includes(i) ? "?" : show(number(k, i, slot));
const texts = {
  e: (k, i, slot) => words.e[holds(k, i, slot)],
  q: (k, i, slot) => words.q[holds(k, i, slot)],
  w: (k, i) => (run.v[i] < 0 ? `(${show(run.v[i])})` : show(run.v[i])),
  o: (k, i) => show(total(i)),
  a: (k, i, slot) => unsaid("a", i, slot),
  t: (k, i, slot) => unsaid("t", i, slot),
  m: (k, i) => words.m[moves(i)],
  b: (k, i) => (moves(i) > 1 ? "" : show(made.b(i))),
  k: (k, i) => words.k[bends(i)],
};
const filled = (k, of, i, slot) => texts[k]?.(of, i, slot) ?? show(number(k, i, slot));
