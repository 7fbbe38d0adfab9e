// What page.js does beside, where the graph is folded: several views, of which one is shown, boxes
// of many numbers, and what passed between them. In front of it stand page.js and folded.js.
const pool = [...$("walk").children, ...$("items").content.children];
[...$("pictures").content.children].forEach((picture, n) => (views[n + 1].svg = picture));
for (const view of views) view.members = view.boxes.map(nodesOf);
const table = $("table");
let bundles; // of each place the wire that stands for it

also.stops = () => {
  const wireOf = new Map(), { width, height } = svg.viewBox.baseVal;
  const sizes = { own: `${width}px`, least: `${0.8 * width}px`, flat: width / height };
  for (const name in sizes) pane.style.setProperty(`--${name}`, sizes[name]);
  [...wires.keys()].forEach((key, n) => wireOf.set(`${view.from[n]} ${parseInt(key)}`, n));
  bundles = owner.map((i, p) => wireOf.get(`${boxOf[inputs[p]]} ${boxOf[i]}`));
  return schedule(boxOf);
};

also.items = () => {
  const ids = [0];
  for (let k = 1; k <= full; k++) ids.push(view.items[2 * boxOf[turn(k)[0]] + (k > half)]);
  const found = ids.map((id) => pool[id]);
  $("walk").replaceChildren(...[...new Set(found.toReversed())].reverse()); // by their last turn
  found.at(-1).append(table);
  return found;
};

// Opens view n, and stays at the step, or goes to the first turn inside of what has just gone.
function open(n, inside) {
  const stop = position > 0 && turn(position), step = stepOf(position), isBack = back();
  svg.replaceWith(views[n].svg);
  enter(views[n]);
  const turns = stop && stop.map((i) => stopOf[i]);
  if (!inside || !stop) go(positionOf(step));
  else go(isBack ? full - Math.max(...turns) : Math.min(...turns) + 1);
  settle();
}

const next = () => position > 0 && view.opens[boxOf[turn(position)[0]]];
also.click = (n) => view.opens[n] !== undefined && (open(view.opens[n]), true);
Object.assign(steps, {
  open: () => next() && open(next(), true),
  close: () => view !== views[0] && open(view.path.at(-2)?.[1] ?? 0),
});
$("open").addEventListener("click", steps.open);
addEventListener("keydown", (event) => {
  const on = event.target.closest?.("button, summary, input:not(#slider)");
  const step = { Enter: "open", Backspace: "close" }[event.key];
  if (!step || on?.matches(step === "open" ? "*" : "input")) return;
  event.preventDefault();
  steps[step]();
});

// ---------------------------------------------------------------- boxes of many numbers
also.draw = (box, n) => {
  const nodes = grids[view.boxes[n]] ?? [], most = all(".most", box);
  const value = (i) => (i !== null && known(i) ? run.v[i] : undefined);
  const grad = (i) => (i !== null ? total(i) : undefined);
  for (const [name, numberOf] of Object.entries(nodes.length ? { value, grad } : {})) {
    const numbers = nodes.map(numberOf), there = numbers.filter((x) => x !== undefined);
    const tell = (text, x) => {
      write(text, text.textContent.replace(/\S+$/, there.length ? brief(x).replaceAll("-", "−") : "–"));
      text.classList.toggle("none", !there.length);
    };
    const words = all(`text.${name}`, box), bars = box.querySelector(`.bars.${name}`);
    if (bars) {
      strip(bars, name, numbers);
      tell(most.shift(), largest(there));
    } else if (words.length > 1) words.forEach((word, n) => tell(word, n ? largest(there) : length(there)));
    else if (words.length) write(words[0], drawn(numbers[0]));
  }
};

function strip(bars, name, numbers) {
  const { columns, pitch, high } = bars.dataset;
  const [d, odd] = strokes(numbers, Number(columns), Number(pitch), Number(high));
  bars.setAttribute("d", d);
  let marks = bars.parentNode.querySelector(`.odd.${name}`);
  if (!marks && odd) {
    bars.after((marks = bars.cloneNode()));
    marks.setAttribute("class", `odd ${name}`);
    marks.setAttribute("stroke-width", 1.2);
  }
  marks?.setAttribute("d", odd);
}

// A wire is as thick as what has passed is long, of 6 px where that is most, to a thousandth.
also.drawn = () => {
  const squares = [...wires].map(() => undefined);
  bundles.forEach((n, p) => {
    if (n !== undefined && inputs[p] < count && !frozen.has(inputs[p]) && arrived(p))
      squares[n] = (squares[n] ?? 0) + run.a[p] ** 2;
  });
  const most = Math.max(...squares.filter(Number.isFinite));
  [...wires.values()].forEach((wire, n) => {
    const share = Math.max(-3, Math.log10(Math.sqrt(squares[n] / most))); // nan: none, or all 0
    wire.setAttribute("stroke-width", squares[n] ? (6 + (5 / 3) * (share || 0)).toFixed(1) : 1.2);
    wire.setAttribute("stroke-dasharray", squares[n] === 0 ? "2 4" : "none");
  });
  table.hidden = position !== full;
  for (const ask of all(".ask", item)) ask.hidden = position !== half;
  $("open").setAttribute("aria-disabled", !next());
  const way = [[$("path").dataset.root, 0], ...view.path.slice(1)];
  $("way").replaceChildren(...way.map(([name, n]) => link(name, views[n])));
};

function link(name, to) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  if (to === view) button.setAttribute("aria-current", "location");
  else button.addEventListener("click", () => open(views.indexOf(to)));
  return button;
}

// ---------------------------------------------------------------- what is worked out when seen
const nudged = (row, seen) => {
  for (const blank of all("[data-slot]", row))
    if (seen) blank.slot = blank.dataset.slot;
    else blank.removeAttribute("slot");
  if (seen) fill(row);
};
const seen = new IntersectionObserver((changes) =>
  changes.forEach(({ target, isIntersecting }) => nudged(target, isIntersecting)),
);
all("tr", table).forEach((row) => seen.observe(row));
addEventListener("beforeprint", () => all("tr", table).forEach((row) => nudged(row, true)), true);
