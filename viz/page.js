// Shows one position of the walk, and follows moved leaves. In front of it stands evaluator.js, with
// the graph. All wording that does not change is in the document.
const $ = (id) => document.getElementById(id);
const all = (selector, under) => [...under.querySelectorAll(selector)];
const on = (target, ...what) => target.addEventListener(...what);
const drawn = (x) => show(x).replaceAll("-", "−");

// A text that page.py packed.
async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt());
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(inflated).text();
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(element) {
  for (const blank of all("[n]", element)) {
    const [, k, of, ...place] = /^(\w)(\D?)(\d+)\.?(\d*)$/.exec(blank.getAttribute("n"));
    const [i, slot] = place.map(Number);
    if (k === "c") [...blank.children].forEach((line, n) => (line.hidden = n !== fits(i)));
    else write(blank, filled(k, of, i, slot));
    blank.classList.toggle("none", blank.textContent === "–");
  }
}

// ---------------------------------------------------------------- the drawing
// A view is one drawing of the graph. Where nothing is folded there is one, and its boxes are the
// nodes; else views.js knows more: what several nodes in a box look like, and which box opens.
const pane = $("picture"), undo = [], also = {};
let view, svg, boxes, members, boxOf, wires, amounts, ticks, into, items, buttons;

function enter(next) {
  const byWire = (parts) => new Map(all(parts, next.svg).map((part) => [part.dataset.wire, part]));
  unmark();
  [view, svg, boxes, boxOf] = [next, next.svg, all(".node", next.svg), []];
  const { width, height } = svg.viewBox.baseVal;
  pane.style.setProperty("--own", `${width}px`);
  pane.style.setProperty("--flat", width / height);
  [wires, amounts, ticks] = ["path[data-wire]", ".amount", ".tick"].map(byWire);
  members = view.members ?? kind.map((_, i) => [i]);
  members.forEach((nodes, n) => nodes.forEach((i) => (boxOf[i] = n)));
  into = boxes.map(() => []); // wires, each with the box that it comes from
  [...wires].forEach(([key, wire], n) => {
    const [user, slot] = key.split(":").map(Number);
    const x = view.from?.[n] ?? inputs[starts[user] + slot]; // beyond the nodes: plain numbers
    into[user].push([wire, members[x] ? x : -1]);
  });
  arrange(also.stops?.() ?? turns.map((i) => [i]));
  items = also.items?.() ?? [...$("walk").children];
  $("slider").max = full;
  buttons = Array.from({ length: full + 1 }, (_, k) => {
    const button = document.createElement("button"), name = k && view.names[boxOf[turn(k)[0]]];
    button.title = button.textContent = `${stepOf(k)} ${name || $("list").dataset.start}`;
    document.createElement("li").append(button);
    return button;
  });
  $("list").replaceChildren(...buttons.map((button) => button.parentElement));
  $("list").style.gridTemplateRows = `repeat(${half + 1}, auto)`;
}

function mark(element, name) {
  element.classList.add(name);
  undo.push(() => element.classList.remove(name));
}

const unmark = () => undo.splice(0).forEach((restore) => restore());

function draw() {
  boxes.forEach((box, n) => {
    const [i, more] = members[n] ?? [];
    if (more !== undefined || i === undefined) return also.draw?.(box, n);
    const [value, grad, come] = [".value", ".grad", ".count"].map((s) => box.querySelector(s));
    both(value, ...(known(i) ? [recorded.v[i], run.v[i]] : []));
    both(grad, total(i, recorded), total(i));
    if (come) write(come, come.textContent.replace(/\d+/, users[i].filter(arrived).length));
  });
  for (const [wire, text] of amounts) {
    const [user, slot] = wire.split(":").map(Number), p = starts[user] + slot;
    write(text, arrived(p) ? drawn(run.a[p]) : "");
    ticks.get(wire).classList.toggle("in", arrived(p));
  }
  also.drawn?.();
  $("table").hidden = position !== full || secret;
  unmark();
  if (position > 0) highlight(turn(position), position > half);
}

function highlight(stop, back) {
  const n = boxOf[stop[0]], read = new Set();
  for (const i of stop) forEachNode(i, (x) => (back && frozen.has(x)) || read.add(boxOf[x]));
  mark(svg, back ? "backward" : "forward");
  mark(boxes[n], "now");
  for (const [wire, from] of into[n])
    if (read.has(from) || !(back || members[from]?.length)) mark(wire, "moving");
  if (back) new Set(ready().map(([i]) => boxOf[i])).forEach((m) => m === n || waits(m));
  look([n, ...into[n].map(([, from]) => from)].filter((m) => m >= 0).map(place));
}

function waits(n) {
  const { x, y, height } = place(n), word = document.createElementNS(svg.namespaceURI, "text");
  mark(boxes[n], "ready");
  const look = { class: "waits", x: x + 2, y: y + height + 12 };
  for (const name in look) word.setAttribute(name, look[name]);
  word.textContent = pane.dataset.ready;
  svg.append(word);
  undo.push(() => word.remove());
}

const place = (n) => boxes[n].querySelector("rect").getBBox();

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

const under = (event) => boxes.indexOf(event.target.closest(".node"));
on(pane, "pointerover", (event) => {
  const n = under(event), [i, more] = members[n] ?? [];
  if (i === undefined) return;
  const title = boxes[n].querySelector("title"), was = (title.dataset.was ??= title.textContent);
  if (more !== undefined)
    return write(title, was + ($("reset").hidden ? "" : `\n${$("path").dataset.now}`));
  const [value, grad] = all(".words text", boxes[n]).map((word) => word.textContent);
  const lines = [title.textContent.split("\n")[0]], say = (word, was, now) =>
    now !== undefined && lines.push(word + (Object.is(was, now) ? "" : ` ${was} →`) + ` ${now}`);
  say(value, recorded.v[i], run.v[i]);
  say(grad, total(i, recorded), total(i));
  write(title, lines.join("\n"));
});
// A box's step, on the way there or back: an op's own; a leaf's, where it is used first.
on(pane, "click", (event) => {
  const n = under(event);
  if (n < 0) return event.target.closest("svg") && whole();
  if (also.click?.(n)) return;
  const turns = (i) => (kind[i] < 0 ? users[i].map((p) => stopOf[owner[p]]) : stopOf[i]);
  const first = (members[n] ?? []).flatMap(turns).reduce((a, b) => Math.min(a, b), half);
  if (first < half) go(position < half ? first + 1 : full - first);
  const [i] = members[n] ?? [];
  if (kind[i] < 0) chosen = i;
});

// ---------------------------------------------------------------- where we are
let tall = 0, item, button; // tall: px, of the tallest item: what is below must not jump
let chosen; // a leaf that was clicked on: it has no step
const steady = () => ($("walk").style.minHeight = `${position === full ? 0 : tall}px`);

function refresh() {
  const odd = run.odd && positionOf(run.odd);
  secret = hides();
  [item, $("moved"), ...all("ul", $("inputs"))].forEach((e) => e.checkVisibility() && fill(e));
  draw();
  const last = item.firstChild.lastChild, text = last.textContent.replace(" !", "");
  write(last, text + (odd > 0 && odd === position ? " !" : ""));
  buttons.forEach((button, k) => button.classList.toggle("odd", k > 0 && k === odd));
}

function go(k) {
  item?.classList.remove("now");
  button?.removeAttribute("aria-current");
  position = Math.max(0, Math.min(full, k));
  chosen = undefined;
  [item, button] = [items[position], buttons[position]];
  item.classList.add("now");
  button.setAttribute("aria-current", "step");
  $("slider").value = position;
  write($("place"), `${stepOf(position)}/${end}`);
  const ends = { first: 0, back: 0, next: full, last: full };
  for (const id in ends) $(id).setAttribute("aria-disabled", position === ends[id]);
  steady();
  refresh(); // from here on the layout is read
  $("slider").setAttribute("aria-valuetext", item.firstChild.textContent);
  $("step").scrollTop = 0;
  const list = $("list").parentElement;
  const [above, below] = [button.offsetTop - 24, button.offsetTop + button.offsetHeight];
  if (above < list.scrollTop || below > list.scrollTop + list.clientHeight)
    list.scrollTop = above - list.clientHeight / 2;
  say();
  try {
    history.replaceState(null, "", `#step=${stepOf(position)}`);
  } catch {} // a sandboxed frame has no history
}

// Who goes and why now, the rule, what each input has; not where the gradient came from.
function say(...first) {
  const lines = all("h2 + p, p:not([class]), .ask, .row, .total", item);
  if (position > half) lines.splice(1, 1);
  write($("said"), [...first, ...lines.map((line) => line.innerText)].join("\n"));
}

const asked = () => positionOf(Number(/^#step=(\d+)$/.exec(location.hash)?.[1] ?? opening));
const steps = {
  first: () => go(0), back: () => go(position - 1), next: () => go(position + 1),
  last: () => go(full), odd: () => run.odd && go(positionOf(run.odd)),
  larger: () => enlarge(zoom * 1.25), smaller: () => enlarge(zoom / 1.25), fit: () => enlarge(1),
  explain: () => explain(), guess: () => guess(),
};
const buttoned = ["first", "back", "next", "last", "explain", "guess"];
for (const id of buttoned) on($(id), "click", steps[id]);
on($("slider"), "input", () => go($("slider").valueAsNumber));
on($("list"), "click", ({ target }) => target.matches("button") && go(buttons.indexOf(target)));
on(window, "hashchange", () => go(asked()));
const keys = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" };
Object.assign(keys, { Home: "first", End: "last", n: "odd", e: "explain", h: "guess" });
Object.assign(keys, { "+": "larger", "=": "larger", "-": "smaller", 0: "fit" });
on(window, "keydown", (event) => {
  const own = event.key === "Enter" ? "button, summary, input" : "input:not(#slider), textarea";
  if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
  if ($("why").open && event.key !== "e") return;
  if (event.target.closest?.(own)) return;
  event.preventDefault();
  steps[keys[event.key]]();
});
on(window, "toggle", () => item && refresh(), true); // what was hidden was not filled

// ---------------------------------------------------------------- moved leaves
const rows = all("li", $("inputs"));
const short = (x) => Number(x.toPrecision(2)); // an end of a slider
const fields = new Map(rows.map((row, n) => [leaves[n][0], all("input", row)]));
for (const [i, [range, field]] of fields) {
  const value = isFinite(python.get(i)) ? python.get(i) : 0;
  const fine = nudge(value), reach = 2 * (size(value) || 1);
  Object.assign(range, { min: short(value - reach), max: short(value + reach), step: "any", value });
  [range.previousSibling, range.nextSibling].forEach((i, n) => write(i, n ? range.max : range.min));
  on(range, "pointerup", () => range.blur()); // the arrows step again
  for (const input of [range, field]) {
    on(input, "input", () => {
      if (!isFinite(input.valueAsNumber)) return; // not typed to its end
      if (input === field) range.value = field.value;
      else field.value = rounded(Math.round(range.valueAsNumber / fine) * fine);
      here.set(i, field.valueAsNumber);
      follow();
    });
    on(input, "change", () => say());
  }
}

function follow() {
  evaluate();
  also.moved?.();
  tell();
}

function tell() {
  const same = (i) => Object.is(here.get(i), python.get(i));
  for (const note of $("moved").children) note.hidden = same(Number(note.dataset.moved));
  $("reset").hidden = [...here.keys()].every(same);
  rebuild();
  also.told?.();
  refresh();
}
function refill() {
  for (const [i, [range, field]] of fields) {
    range.value = here.get(i);
    if (document.activeElement !== field) field.value = show(here.get(i)); // else it is typed in
  }
}

on($("reset"), "click", () => {
  here = new Map(python);
  refill();
  follow();
  $("slider").focus(); // the button that had it is gone
});

// ---------------------------------------------------------------- looks
const wide = matchMedia("(min-width: 60rem)");
function settle() {
  const fits = pane.scrollWidth <= pane.clientWidth && pane.scrollHeight <= pane.clientHeight;
  $("whole").hidden = fits && !pane.classList.contains("whole");
  tall = 0;
  if (!wide.matches && full <= 400) { // wide: a pane of its own; more: takes too long
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
on($("whole"), "click", whole);
on($("theme"), "click", () => {
  const { style } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  style.colorScheme = (style.colorScheme || system) === "dark" ? "light" : "dark";
});
on(window, "beforeprint", () => {
  const shown = position;
  secret = 0;
  items.forEach((item, k) => fill(item, (position = k)));
  draw();
  unmark();
  position = shown;
});
on(window, "afterprint", () => go(position));
on(window, "resize", settle);
on(wide, "change", fold);

views[0].svg = document.querySelector("svg.drawing");
function start() {
  document.documentElement.classList.add("scripted");
  evaluate();
  recorded = run;
  also.moved?.();
  also.told?.();
  fold();
  enter(views[0]);
  go(asked());
  requestAnimationFrame(() => setTimeout(settle)); // after the first painting
}
