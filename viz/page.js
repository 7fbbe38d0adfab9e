// Shows one position of the walk, and follows moved leaves. In front of it stands evaluator.js, with
// the graph. All wording that does not change is in the document.
const $ = (id) => document.getElementById(id);
const all = (selector, under) => [...under.querySelectorAll(selector)];
const drawn = (x) => show(x).replaceAll("-", "−");

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(element) {
  for (const blank of all("[slot]", element)) {
    const [, k, of, ...place] = /^(\w)(\D?)(\d+)\.?(\d*)$/.exec(blank.slot);
    const [i, slot] = place.map(Number);
    if (k === "c") [...blank.children].forEach((line, n) => (line.hidden = n !== fits(i)));
    else write(blank, filled(k, of, i, slot));
    blank.classList.toggle("none", blank.textContent === "–");
  }
}

// ---------------------------------------------------------------- the drawing
const svg = document.querySelector("svg.drawing"), pane = $("picture");
const byWire = (parts) => new Map(all(parts, svg).map((part) => [part.dataset.wire, part]));
const wires = byWire(".wire"), amounts = byWire(".amount"), ticks = byWire(".tick");
const boxes = all(".node", svg).slice(0, kind.length); // behind them stand plain numbers
const undo = [];

function mark(element, name) {
  element.classList.add(name);
  undo.push(() => element.classList.remove(name));
}

const unmark = () => undo.splice(0).forEach((restore) => restore());

function draw() {
  boxes.forEach((box, i) => {
    const [value, grad, count] = [".value", ".grad", ".count"].map((s) => box.querySelector(s));
    const known = kind[i] < 0 || end - sends[i] < position;
    write(value, known ? drawn(run.v[i]) : "–");
    write(grad, drawn(total(i)));
    grad.classList.toggle("none", total(i) === undefined);
    if (count) write(count, count.textContent.replace(/\d+/, users[i].filter(arrived).length));
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
  if (back) ready(i).forEach(waits);
  look([i, ...operands[i].filter(isNode)].map(place));
}

function waits(i) {
  const { x, y, height } = place(i), word = document.createElementNS(svg.namespaceURI, "text");
  mark(boxes[i], "ready");
  const look = { class: "waits", x: x + 2, y: y + height + 12 };
  for (const name in look) word.setAttribute(name, look[name]);
  word.textContent = pane.dataset.ready;
  svg.append(word);
  undo.push(() => word.remove());
}

const place = (i) => boxes[i].querySelector("rect").getBBox();

// Scrolls to the first of these places, and to the others as far as they fit.
function look(places) {
  const scale = svg.clientWidth / svg.viewBox.baseVal.width, room = 20;
  const bring = (axis, side, scroll, length) => {
    const low = scale * Math.min(...places.map((at) => at[axis])) - room;
    const high = scale * Math.max(...places.map((at) => at[axis] + at[side])) + room;
    const [start, extent] = [scale * places[0][axis], scale * places[0][side]];
    const inputsAt = axis === "y" ? start + (extent - length) / 2 : start + extent + room - length;
    const nearest = Math.min(low, Math.max(pane[scroll], high - length));
    pane[scroll] = high - low > length ? inputsAt : nearest; // left of it, above and below
  };
  bring("x", "width", "scrollLeft", pane.clientWidth);
  bring("y", "height", "scrollTop", pane.clientHeight);
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
  const button = document.createElement("button");
  button.title = button.textContent = `${k} ${k ? names[turn(k)] : $("list").dataset.start}`;
  button.addEventListener("click", () => go(k));
  $("list").appendChild(document.createElement("li")).append(button);
  return button;
});
let tall = 0; // px, the tallest item: what is below must not jump
const steady = () => ($("walk").style.minHeight = `${position === end ? 0 : tall}px`);

function refresh() {
  [items[position], $("inputs"), $("moved")].forEach(fill);
  draw();
  heads.forEach((head, k) => {
    const odd = k > 0 && k === run.odd;
    write(head, head.textContent.replace(" !", "") + (odd ? " !" : ""));
    buttons[k].classList.toggle("odd", odd);
  });
}

function go(k) {
  items[position].classList.remove("now");
  buttons[position].removeAttribute("aria-current");
  position = Math.max(0, Math.min(end, k));
  items[position].classList.add("now");
  buttons[position].setAttribute("aria-current", "step");
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
  first: () => go(0), back: () => go(position - 1), next: () => go(position + 1),
  last: () => go(end), odd: () => run.odd && go(run.odd),
  larger: () => enlarge(zoom * 1.25), smaller: () => enlarge(zoom / 1.25), fit: () => enlarge(1),
};
for (const id of ["first", "back", "next", "last"]) $(id).addEventListener("click", steps[id]);
$("slider").addEventListener("input", () => go($("slider").valueAsNumber));
addEventListener("hashchange", () => go(asked()));
const keys = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" };
Object.assign(keys, { Home: "first", End: "last", n: "odd" });
Object.assign(keys, { "+": "larger", "=": "larger", "-": "smaller", 0: "fit" });
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not(#slider)");
  if (!keys[event.key] || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  steps[keys[event.key]]();
});

// A box's step, on the way there or back: an op's own; a leaf's, where it is used first.
svg.addEventListener("click", (event) => {
  const node = event.target.closest(".node"), box = boxes.indexOf(node);
  if (!node) return whole();
  const i = kind[box] < 0 ? users[box].at(-1)?.[0] : box;
  if (i in sends) go(position < forward ? end + 1 - sends[i] : sends[i]);
});

// ---------------------------------------------------------------- moved leaves
const rows = all("li", $("inputs"));
const short = (x) => Number(x.toPrecision(2)); // an end of a slider
const fields = new Map(leaves.map(([i], n) => [i, all("input", rows[n])]));
for (const [i, [range, field]] of fields) {
  const value = Number.isFinite(python.get(i)) ? python.get(i) : 0;
  const fine = nudge(value), reach = 2 * (size(value) || 1);
  Object.assign(range, { min: short(value - reach), max: short(value + reach), step: "any", value });
  [range.previousSibling, range.nextSibling].forEach((i, n) => write(i, n ? range.max : range.min));
  range.addEventListener("pointerup", () => range.blur()); // the arrows step again
  for (const input of [range, field]) {
    input.addEventListener("input", () => {
      if (!Number.isFinite(input.valueAsNumber)) return; // not typed to its end
      if (input === field) range.value = field.value;
      else field.value = rounded(Math.round(range.valueAsNumber / fine) * fine);
      here.set(i, field.valueAsNumber);
      follow();
    });
    input.addEventListener("change", say);
  }
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
let zoom = 1; // of what fits: for those who sit far away
function enlarge(to) {
  zoom = Math.min(4, Math.max(0.4, to));
  document.documentElement.style.setProperty("--zoom", zoom);
  draw();
  settle();
}
function whole() {
  if ($("whole").hidden) return;
  $("whole").setAttribute("aria-pressed", pane.classList.toggle("whole"));
  draw();
}
$("whole").addEventListener("click", whole);
$("theme").addEventListener("click", () => {
  const { style } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  style.colorScheme = (style.colorScheme || system) === "dark" ? "light" : "dark";
});
addEventListener("beforeprint", () => {
  const shown = position;
  position = end;
  items.forEach(fill);
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
