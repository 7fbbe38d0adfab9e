// Shows one position of the walk, and follows moved leaves. In front of it page.py puts the graph:
// root, kind (which of `ops` a node is, -1: a leaf), operands, leaves, names; and the words that
// change. All other wording is in the document.
const $ = (id) => document.getElementById(id);
const all = (selector, under) => [...under.querySelectorAll(selector)];
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
turns.forEach((i) => forEachNode(i, (x, slot) => users[x].push([i, slot])));
users.forEach((uses) => uses.sort((a, b) => b[0] - a[0] || a[1] - b[1]));

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
  g[root] = 1;
  for (const i of turns.toReversed()) {
    const local = ops[kind[i]].p?.(...at(i, v), v[i]);
    let sum = g[i];
    [p[i], a[i], t[i]] = [[], [], []];
    forEachNode(i, (x, slot) => {
      if (frozen.has(x)) return;
      p[i][slot] = local[slot] ?? 0; // null: nothing ever passes
      sum += a[i][slot] = g[i] === 0 || local[slot] === null ? 0 : g[i] * local[slot];
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
const drawn = (x) => show(x).replaceAll("-", "−");

function nudge(x) {
  if (x === 0 || !Number.isFinite(x) || (size(x) >= 0.1 && size(x) < 100)) return 0.01;
  return Number(`1e${x.toExponential().split("e")[1] - 2}`);
}

// ---------------------------------------------------------------- slots, as slots.py has them
let position;
const made = {
  d: (i) => nudge(run.v[i]),
  u: (i) => run.v[i] + nudge(run.v[i]),
  b: (i) => size(run.g[i]) * nudge(run.v[i]),
  r: (i) => (run.r[i] ??= (run.g[i] < 0 ? -1 : 1) * (raised(i)[root] - run.v[root])),
};
const raised = (i) => values(new Map(here).set(i, made.u(i)));
const number = (k, i, slot) => made[k]?.(i) ?? ("pat".includes(k) ? run[k][i][slot] : run[k][i]);

const onPrinted = {
  v: (i) => ops[kind[i]].v(...at(i, run.v.map(rounded))),
  p: (i, slot) => ops[kind[i]].p(...at(i, run.v.map(rounded)), rounded(run.v[i]))[slot] ?? 0,
  a: (i, slot) => (run.g[i] === 0 ? 0 : rounded(run.g[i]) * rounded(run.p[i][slot])),
  g: (i) => users[i].reduce((sum, [user, slot]) => sum + rounded(run.a[user][slot]), 0),
};
function holds(k, i, slot) {
  const byHand = Number(onPrinted[k](i, slot).toPrecision(12));
  return show(byHand) === show(number(k, i, slot));
}

function total(i) {
  if (i === root) return position > forward ? 1 : undefined;
  const last = users[i].findLast(([user]) => sends[user] <= position);
  return last && run.t[last[0]][last[1]]; // no number, if it is frozen
}

function moves(i) {
  if (!Number.isFinite(made.b(i)) || !Number.isFinite(made.r(i))) return 3;
  return made.b(i) === 0 ? 2 : Number(run.g[i] < 0);
}

function bends(i) {
  const [about, really] = [made.b(i), made.r(i)];
  return Number(size(about - really) > 0.1 * Math.max(about, size(really)));
}

const texts = {
  e: (k, i, slot) => (holds(k, i, slot) ? "=" : "≈"),
  q: (k, i, slot) => (holds(k, i, slot) ? "" : "≈ "),
  w: (k, i) => (run.v[i] < 0 ? `(${show(run.v[i])})` : show(run.v[i])),
  o: (k, i) => show(total(i)),
  m: (k, i) => words.m[moves(i)],
  b: (k, i) => (moves(i) > 1 ? "" : show(made.b(i))),
  k: (k, i) => words.k[bends(i)],
};

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const found = new WeakMap(); // the slots under an element
function fill(element) {
  if (!found.has(element)) found.set(element, all("[slot]", element).map(parsed));
  for (const { place, k, of, i, slot } of found.get(element)) {
    if (k === "c") {
      const fits = ops[kind[i]].c(...at(i, run.v), run.v[i]);
      [...place.children].forEach((line, n) => (line.hidden = n !== fits));
      continue;
    }
    write(place, texts[k] ? texts[k](of, i, slot) : show(number(k, i, slot)));
    place.classList.toggle("none", place.textContent === "–");
  }
}
function parsed(place) {
  const [, k, of, i, slot] = /^(\w)(\D?)(\d+)\.?(\d*)$/.exec(place.slot);
  return { place, k, of, i: Number(i), slot: Number(slot) };
}

// ---------------------------------------------------------------- the drawing
const svg = document.querySelector("svg.drawing"), pane = $("picture");
const byWire = (parts) => new Map(all(parts, svg).map((part) => [part.dataset.wire, part]));
const wires = byWire(".wire"), amounts = byWire(".amount"), ticks = byWire(".tick");
const boxes = all(".node", svg);
const undo = [];

function mark(element, name) {
  element.classList.add(name);
  undo.push(() => element.classList.remove(name));
}

function unmark() {
  while (undo.length) undo.pop()();
}

function draw() {
  const arrived = ([user]) => sends[user] <= position;
  boxes.forEach((box, i) => {
    const [value, grad, count] = [".value", ".grad", ".count"].map((s) => box.querySelector(s));
    const known = kind[i] < 0 || end - sends[i] < position;
    write(value, known ? drawn(run.v[i]) : "–");
    write(grad, drawn(total(i)));
    grad.classList.toggle("none", total(i) === undefined);
    const come = users[i].filter(arrived).length;
    if (count) write(count, count.textContent.replace(/\d+/, come));
  });
  for (const [wire, text] of amounts) {
    const [user, slot] = wire.split(":"), amount = arrived([user]) ? run.a[user][slot] : undefined;
    write(text, amount === undefined ? "" : drawn(amount));
    ticks.get(wire).classList.toggle("in", amount !== undefined);
  }
  unmark();
  if (position > 0) highlight(turn(position), position > forward);
}

function highlight(i, back) {
  mark(svg, back ? "backward" : "forward");
  mark(boxes[i], "now");
  const carries = (x) => !back || !frozen.has(x);
  forEachNode(i, (x, slot) => carries(x) && mark(wires.get(`${i}:${slot}`), "moving"));
  if (back) turns.filter((x) => x < i && users[x].at(-1)[0] > i).forEach(ready);
  look([i, ...operands[i].filter(isNode)].map(place));
}

function ready(i) {
  const [x, y, , height] = place(i), word = document.createElementNS(svg.namespaceURI, "text");
  mark(boxes[i], "ready");
  word.setAttribute("class", "waits");
  word.setAttribute("x", x + 2);
  word.setAttribute("y", y + height + 12);
  word.textContent = pane.dataset.ready;
  svg.append(word);
  undo.push(() => word.remove());
}

function place(i) {
  const rect = boxes[i].querySelector("rect");
  return ["x", "y", "width", "height"].map((side) => Number(rect.getAttribute(side)));
}

// Scrolls to the first of these places, and to the others as far as they fit.
function look(places) {
  const scale = svg.clientWidth / svg.viewBox.baseVal.width, room = 20;
  const bring = (axis, scroll, length) => {
    const low = scale * Math.min(...places.map((at) => at[axis])) - room;
    const high = scale * Math.max(...places.map((at) => at[axis] + at[axis + 2])) + room;
    const [start, extent] = [scale * places[0][axis], scale * places[0][axis + 2]];
    const inputsAt = axis ? start + (extent - length) / 2 : start + extent + room - length;
    if (high - low > length) pane[scroll] = inputsAt; // they are to the left, above and below
    else if (low < pane[scroll]) pane[scroll] = low;
    else if (high > pane[scroll] + length) pane[scroll] = high - length;
  };
  bring(0, "scrollLeft", pane.clientWidth);
  bring(1, "scrollTop", pane.clientHeight);
}

svg.addEventListener("pointerover", (event) => {
  const i = boxes.indexOf(event.target.closest(".node"));
  if (i < 0) return;
  const title = boxes[i].querySelector("title");
  const [value, grad] = all(".words text", boxes[i]).map((word) => word.textContent);
  const lines = [title.textContent.split("\n")[0], `${value} ${run.v[i]}`];
  if (total(i) !== undefined) lines.push(`${grad} ${total(i)}`);
  write(title, lines.join("\n"));
});

// ---------------------------------------------------------------- where we are
const items = [...$("walk").children], heads = items.map((item) => item.firstElementChild);
const buttons = items.map((item, k) => {
  const entry = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.title = button.textContent = `${k} ${k ? names[turn(k)] : $("list").dataset.start}`;
  button.addEventListener("click", () => go(k));
  entry.append(button);
  $("list").append(entry);
  return button;
});
let tall = 0; // px, the tallest item: what is below must not jump
const steady = () => ($("walk").style.minHeight = `${position === end ? 0 : tall}px`);

function refresh() {
  [items[position], $("inputs"), $("moved")].forEach(fill);
  if (position === end) fill($("table"));
  draw();
  heads.forEach((head, k) => {
    const odd = k > 0 && k === run.odd;
    write(head, head.textContent.replace(" !", "") + (odd ? " !" : ""));
    buttons[k].classList.toggle("odd", odd);
  });
}

function go(k) {
  items[position]?.classList.remove("now");
  buttons[position]?.removeAttribute("aria-current");
  position = Math.max(0, Math.min(end, k));
  items[position].classList.add("now");
  buttons[position].setAttribute("aria-current", "step");
  $("table").hidden = position !== end;
  $("slider").value = position;
  $("slider").setAttribute("aria-valuetext", heads[position].textContent);
  write($("place"), `${position}/${end}`);
  for (const id of ["first", "back"]) $(id).setAttribute("aria-disabled", position === 0);
  for (const id of ["next", "last"]) $(id).setAttribute("aria-disabled", position === end);
  steady();
  refresh(); // from here on the layout is read
  $("step").scrollTop = 0;
  const list = $("list").parentElement, button = buttons[position];
  const [above, below] = [button.offsetTop - 24, button.offsetTop + button.offsetHeight];
  if (above < list.scrollTop || below > list.scrollTop + list.clientHeight)
    list.scrollTop = above - list.clientHeight / 2;
  say();
  try {
    history.replaceState(null, "", `#step=${position}`);
  } catch {} // a sandboxed frame has no history
}

// Who goes and why now, the rule, what each input has; not where the gradient came from.
function say() {
  const lines = all("h2 + p, p:not([class]), .ask, .row, .total", items[position]);
  if (position > forward) lines.splice(1, 1);
  write($("said"), lines.map((line) => line.innerText).join("\n"));
}

const asked = () => Number(/^#step=(\d+)$/.exec(location.hash)?.[1] ?? forward);
const steps = {
  first: () => go(0),
  back: () => go(position - 1),
  next: () => go(position + 1),
  last: () => go(end),
  odd: () => run.odd && go(run.odd),
};
for (const id of ["first", "back", "next", "last"]) $(id).addEventListener("click", steps[id]);
$("slider").addEventListener("input", () => go($("slider").valueAsNumber));
addEventListener("hashchange", () => go(asked()));
const keys = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" };
Object.assign(keys, { Home: "first", End: "last", n: "odd" });
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not(#slider)");
  if (!keys[event.key] || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  steps[keys[event.key]]();
});

// ---------------------------------------------------------------- moved leaves
const rows = all("li", $("inputs"));
const fields = new Map(leaves.map(([i], n) => [i, all("input", rows[n])]));
for (const [i, [range, field]] of fields) {
  const value = Number.isFinite(python.get(i)) ? python.get(i) : 0;
  const fine = nudge(value), reach = 2 * (size(value) || 1);
  Object.assign(range, { min: value - reach, max: value + reach, step: "any", value });
  range.addEventListener("input", () => {
    field.value = rounded(Math.round(range.valueAsNumber / fine) * fine);
    move(i, field.valueAsNumber);
  });
  field.addEventListener("input", () => {
    if (!Number.isFinite(field.valueAsNumber)) return; // not typed to its end
    range.value = field.value;
    move(i, field.valueAsNumber);
  });
  for (const input of [range, field]) input.addEventListener("change", say);
}

function move(i, value) {
  here.set(i, value);
  follow();
}

function follow() {
  evaluate();
  const same = (i) => Object.is(here.get(i), python.get(i));
  for (const note of $("moved").children) note.hidden = same(Number(note.dataset.moved));
  $("reset").hidden = [...here.keys()].every(same);
  refresh();
}

$("reset").addEventListener("click", () => {
  here = new Map(python);
  for (const [i, [range, field]] of fields) {
    range.value = here.get(i);
    field.value = show(here.get(i));
  }
  follow();
  $("slider").focus(); // the button that had it is gone
});

// ---------------------------------------------------------------- looks
const wide = matchMedia("(min-width: 60rem)");
function settle() {
  const fits = pane.scrollWidth <= pane.clientWidth && pane.scrollHeight <= pane.clientHeight;
  $("whole").hidden = fits && !pane.classList.contains("whole");
  tall = 0;
  if (!wide.matches && items.length <= 400) { // wide: a pane of its own; more: takes too long
    $("walk").classList.add("measured");
    tall = Math.min(Math.max(...items.map((item) => item.offsetHeight)), 0.7 * innerHeight);
    $("walk").classList.remove("measured");
  }
  steady();
}
const fold = () => ($("steps").open = $("inputs").open = wide.matches);
for (const part of [$("whole"), svg])
  part.addEventListener("click", () => {
    if ($("whole").hidden) return;
    $("whole").setAttribute("aria-pressed", pane.classList.toggle("whole"));
    draw();
  });
$("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.theme = (dataset.theme ?? system) === "dark" ? "light" : "dark";
});
addEventListener("beforeprint", () => {
  const shown = position;
  position = end;
  [...items, $("table")].forEach(fill);
  $("table").hidden = false;
  draw();
  unmark();
  position = shown;
});
addEventListener("afterprint", () => go(position));
addEventListener("resize", settle);
wide.addEventListener("change", fold);

document.documentElement.classList.add("scripted");
evaluate();
fold();
go(asked());
requestAnimationFrame(() => setTimeout(settle)); // after the first painting
