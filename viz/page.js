// Shows one position of the walk and follows moved leaves. In front of it page.py puts the graph: root,
// kind (which of `ops` a node is, -1 for a leaf), operands, leaves, names, words. Wording is in the document only.
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
  const v = values(here), g = [], p = [], a = [], t = [], checked = turns.map((i) => v[i]);
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
  run = { v, g, p, a, t, odd: 1 + checked.findIndex((x) => !Number.isFinite(x)) }; // 0: none is nan or inf
}

// ---------------------------------------------------------------- numbers as people read them
function show(x) {
  if (x === undefined) return "–";
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (x === 0) return "0";
  let [digits, e] = Math.abs(x).toExponential().replace(".", "").split("e"); // as many digits as Python's repr
  e = Number(e);
  if (digits.length > 5) {
    digits = String(Number(digits.slice(0, 5)) + (digits[5] >= "5")); // ties go away from zero
    if (digits.length > 5) e += 1;
  }
  digits = digits.replace(/0+$/, "");
  const sign = x < 0 ? "-" : "";
  const point = (n) => (digits.length > n ? `${digits.slice(0, n)}.${digits.slice(n)}` : digits.padEnd(n, "0"));
  if (e < -4 || e >= 6) return `${sign}${point(1)}e${e}`;
  return sign + (e < 0 ? `0.${"0".repeat(-e - 1)}${digits}` : point(e + 1));
}
const rounded = (x) => (Number.isFinite(x) ? Number(show(x)) : x);
const drawn = (x) => show(x).replaceAll("-", "−");
const size = (x) => Math.abs(x);
const nudge = (x) =>
  x === 0 || !Number.isFinite(x) || (size(x) >= 0.1 && size(x) < 100) ? 0.01 : Number(`1e${x.toExponential().split("e")[1] - 2}`);

const numbers = {
  v: (i) => run.v[i], g: (i) => run.g[i], p: (i, slot) => run.p[i][slot], a: (i, slot) => run.a[i][slot], t: (i, slot) => run.t[i][slot],
  d: (i) => nudge(run.v[i]), u: (i) => run.v[i] + nudge(run.v[i]), b: (i) => size(run.g[i]) * nudge(run.v[i]),
  r: (i) => (values(new Map(here).set(i, numbers.u(i)))[root] - run.v[root]) * (run.g[i] < 0 ? -1 : 1),
};
const onPrinted = { // what the op gives on the printed numbers: `=` is for a reader who checks by hand
  v: (i) => ops[kind[i]].v(...at(i, run.v.map(rounded))),
  p: (i, slot) => ops[kind[i]].p(...at(i, run.v.map(rounded)), rounded(run.v[i]))[slot] ?? 0,
  a: (i, slot) => (run.g[i] === 0 ? 0 : rounded(run.g[i]) * rounded(run.p[i][slot])),
  g: (i) => users[i].reduce((sum, [user, slot]) => sum + rounded(run.a[user][slot]), 0),
};

// ---------------------------------------------------------------- slots: what slots.py says, again
let position;
function total(i) {
  if (i === root) return position > forward ? 1 : undefined;
  const last = frozen.has(i) ? undefined : users[i].findLast(([user]) => sends[user] <= position);
  return last && run.t[last[0]][last[1]];
}
const holds = (k, i, slot) => show(Number(onPrinted[k](i, slot).toPrecision(12))) === show(numbers[k](i, slot)); // as in slots.py
const texts = {
  e: (k, i, slot) => (holds(k, i, slot) ? "=" : "≈"),
  q: (k, i, slot) => (holds(k, i, slot) ? "" : "≈ "),
  w: (k, i) => (run.v[i] < 0 ? `(${show(run.v[i])})` : show(run.v[i])),
  o: (k, i) => show(total(i)),
  m: (k, i) => words.m[moves(i)],
  b: (k, i) => (moves(i) > 1 ? "" : show(numbers.b(i))),
  k: (k, i) => words.k[Number(size(numbers.b(i) - numbers.r(i)) > 0.1 * Math.max(numbers.b(i), size(numbers.r(i))))],
};
const moves = (i) => (!Number.isFinite(numbers.b(i) + numbers.r(i)) ? 3 : numbers.b(i) === 0 ? 2 : Number(run.g[i] < 0));
const sentence = (i) => ops[kind[i]].c(...at(i, run.v), run.v[i]);

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
const slots = new WeakMap();
function fill(element) {
  if (!slots.has(element)) slots.set(element, all("[slot]", element).map((place) => [place, ...place.slot.match(/^(\w)(\D?)(\d+)\.?(\d*)$/).slice(1)]));
  for (const [place, k, of, i, slot] of slots.get(element)) {
    if (k === "c") [...place.children].forEach((line, n) => (line.hidden = n !== sentence(Number(i))));
    else write(place, texts[k] ? texts[k](of, Number(i), Number(slot)) : show(numbers[k](Number(i), Number(slot))));
    place.classList.toggle("none", place.textContent === "–");
  }
}

// ---------------------------------------------------------------- the drawing
const svg = document.querySelector("svg.drawing"), pane = $("picture");
const by = (selector) => new Map(all(selector, svg).map((part) => [part.dataset.wire ?? Number(part.dataset.node), part]));
const boxes = by(".node"), wires = by(".wire"), amounts = by(".amount"), ticks = by(".tick");
const place = (i) => ["x", "y", "width", "height"].map((side) => boxes.get(i).querySelector("rect").getAttribute(side) - 0);
let undo = [];

function mark(element, name) {
  element.classList.add(name);
  undo.push(() => element.classList.remove(name));
}

function draw() {
  const k = position, back = k > forward;
  for (const [i, box] of boxes) {
    const [value, grad, count] = [".value", ".grad", ".count"].map((part) => box.querySelector(part));
    write(value, kind[i] < 0 || end - sends[i] < k ? drawn(run.v[i]) : "–");
    write(grad, drawn(total(i)));
    grad.classList.toggle("none", total(i) === undefined);
    if (count) write(count, count.textContent.replace(/\d+/, users[i].filter(([user]) => sends[user] <= k).length));
  }
  for (const [wire, text] of amounts) {
    const [user, slot] = wire.split(":"), amount = sends[user] <= k ? run.a[user][slot] : undefined;
    write(text, amount === undefined ? "" : drawn(amount));
    ticks.get(wire).classList.toggle("in", amount !== undefined);
  }
  undo.forEach((act) => act());
  undo = [];
  if (k === 0) return;
  const i = turn(k);
  mark(svg, back ? "backward" : "forward");
  mark(boxes.get(i), "now");
  forEachNode(i, (x, slot) => (back && frozen.has(x)) || mark(wires.get(`${i}:${slot}`), "moving"));
  if (back) turns.filter((x) => x < i && users[x].at(-1)[0] > i).forEach(ready);
  look([i, ...operands[i].filter(isNode)].map(place));
}

function ready(i) {
  const [x, y, , height] = place(i), word = document.createElementNS(svg.namespaceURI, "text");
  mark(boxes.get(i), "ready");
  for (const [name, value] of [["class", "waits"], ["x", x + 2], ["y", y + height + 12]]) word.setAttribute(name, value);
  word.textContent = pane.dataset.ready;
  svg.append(word);
  undo.push(() => word.remove());
}

// scrolls to the box whose turn it is, and to its inputs as far as they fit
function look(seen) {
  const scale = svg.clientWidth / svg.viewBox.baseVal.width, room = 20;
  for (const [axis, scroll, length] of [[0, "scrollLeft", pane.clientWidth], [1, "scrollTop", pane.clientHeight]]) {
    const low = scale * Math.min(...seen.map((s) => s[axis])) - room, high = scale * Math.max(...seen.map((s) => s[axis] + s[axis + 2])) + room;
    const own = scale * (seen[0][axis] + seen[0][axis + 2]) + room;
    if (high - low > length) pane[scroll] = axis ? own - room - (scale * seen[0][3] + length) / 2 : own - length; // inputs are to the left
    else if (low < pane[scroll]) pane[scroll] = low;
    else if (high > pane[scroll] + length) pane[scroll] = high - length;
  }
}

svg.addEventListener("pointerover", (event) => {
  const box = event.target.closest(".node");
  if (!box) return;
  const i = Number(box.dataset.node), title = box.querySelector("title"), words = all(".words text", box).map((word) => word.textContent);
  const lines = [run.v[i], total(i)].map((x, n) => (x === undefined ? "" : `\n${words[n]} ${x}`));
  write(title, title.textContent.split("\n")[0] + lines.join(""));
});

// ---------------------------------------------------------------- where we are
const items = [...$("walk").children], heads = items.map((item) => item.firstElementChild);
let tall = 0; // px, the tallest item
const steady = () => ($("walk").style.minHeight = `${position === end ? 0 : tall}px`); // what is below must not jump
const buttons = items.map((item, k) => {
  const entry = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.title = button.textContent = `${k} ${k ? names[turn(k)] : $("list").dataset.start}`;
  button.addEventListener("click", () => go(k));
  entry.append(button);
  $("list").append(entry);
  return button;
});

function refresh() {
  for (const part of [items[position], $("inputs"), $("moved"), ...(position === end ? [$("table")] : [])]) fill(part);
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
  for (const id in steps) $(id).setAttribute("aria-disabled", steps[id]() === position || steps[id]() < 0 || steps[id]() > end);
  steady();
  refresh(); // what follows reads the layout
  $("step").scrollTop = 0;
  const list = $("list").parentElement, top = buttons[position].offsetTop;
  if (top < list.scrollTop + 24 || top + 24 > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2;
  say();
  try {
    history.replaceState(null, "", `#step=${position}`);
  } catch {} // a sandboxed frame has no history
}

// who goes and why now, the rule, what each input has
function say() {
  const lines = all("h2 + p, h2 ~ p:not([class]), .ask, .row, .total", items[position]);
  write($("said"), lines.filter((line, n) => n !== 1 || position <= forward).map((line) => line.innerText).join("\n"));
}

const asked = () => Number(/^#step=(\d+)$/.exec(location.hash)?.[1] ?? forward);
const steps = { first: () => 0, back: () => position - 1, next: () => position + 1, last: () => end };
for (const id in steps) $(id).addEventListener("click", () => go(steps[id]()));
$("slider").addEventListener("input", (event) => go(Number(event.target.value)));
addEventListener("hashchange", () => go(asked()));
const keys = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back", Home: "first", End: "last" };
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not(#slider)");
  if (!keys[event.key] || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  go(steps[keys[event.key]]());
});

// ---------------------------------------------------------------- moved leaves
const rows = all("li", $("inputs"));
const fields = new Map(leaves.map(([i], n) => [i, all("input", rows[n])]));
for (const [i, [range, field]] of fields) {
  const value = Number.isFinite(python.get(i)) ? python.get(i) : 0, reach = 2 * (size(value) || 1), fine = nudge(value);
  Object.assign(range, { min: value - reach, max: value + reach, step: "any", value });
  range.addEventListener("input", () => move(i, (field.value = rounded(Math.round(range.valueAsNumber / fine) * fine))));
  field.addEventListener("input", () => Number.isFinite(field.valueAsNumber) && move(i, (range.value = field.valueAsNumber)));
  for (const input of [range, field]) input.addEventListener("change", say);
}

function move(i, value) {
  here.set(i, value);
  follow();
}

function follow() {
  evaluate();
  const notes = all("[data-moved]", $("moved"));
  for (const note of notes) note.hidden = Object.is(here.get(Number(note.dataset.moved)), python.get(Number(note.dataset.moved)));
  $("reset").hidden = notes.every((note) => note.hidden);
  refresh();
}

$("reset").addEventListener("click", () => {
  here = new Map(python);
  for (const [i, [range, field]] of fields) [range.value, field.value] = [here.get(i), show(here.get(i))];
  follow();
  $("slider").focus(); // the button that had it is gone
});

// ---------------------------------------------------------------- looks
const wide = matchMedia("(min-width: 60rem)");
function settle() {
  $("whole").hidden = !pane.classList.contains("whole") && pane.scrollWidth <= pane.clientWidth && pane.scrollHeight <= pane.clientHeight;
  tall = 0;
  if (wide.matches || items.length > 400) return; // the text has a pane of its own; measuring takes too long
  $("walk").classList.add("measured");
  tall = Math.min(Math.max(...items.map((item) => item.offsetHeight)), 0.7 * innerHeight);
  $("walk").classList.remove("measured");
  steady();
}
function fold() {
  for (const id of ["steps", "inputs"]) $(id).open = wide.matches;
}
for (const part of [$("whole"), svg])
  part.addEventListener("click", () => {
    if ($("whole").hidden) return;
    $("whole").setAttribute("aria-pressed", pane.classList.toggle("whole"));
    draw();
  });
$("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = (dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
});
addEventListener("beforeprint", () => {
  const shown = position;
  position = end;
  [...items, $("table")].forEach(fill);
  draw();
  position = shown;
});
addEventListener("afterprint", refresh);
addEventListener("resize", settle);
wide.addEventListener("change", fold);

document.documentElement.classList.add("scripted");
evaluate();
fold();
go(asked());
requestAnimationFrame(() => setTimeout(settle)); // after the first painting
