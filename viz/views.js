// What page.js does beside, where the graph is folded: several views, of which one is shown, boxes
// of many numbers, and what passed between them. In front of it stand page.js and folded.js.
const nav = $("way"), table = $("table"), zero = $("walk").firstElementChild;
let bundles; // of each place the wire that stands for it
function read(from, n) {
  views[n].svg = from.querySelector("svg.drawing");
  views[n].way = all("button", n ? from : nav);
  views[n].items = [];
  for (const item of all("li[value]", from)) views[n].items[item.value] = item;
  views[n].members = views[n].boxes.map(nodesOf);
  views[n].shown = views[n].boxes.map((group) => grids[group - count] ?? nodesOf(group));
}
read(document.body, 0);
const unfolded = unpack(closed).then((text) => {
  const { body } = new DOMParser().parseFromString(text, "text/html");
  [...body.children].forEach((from, n) => read(from, n + 1));
});

also.stops = () => {
  const wireOf = new Map();
  [...wires.keys()].forEach((key, n) => wireOf.set(`${view.from[n]} ${parseInt(key)}`, n));
  bundles = owner.map((i, p) => wireOf.get(`${boxOf[inputs[p]]} ${boxOf[i]}`));
  return schedule(boxOf);
};

also.results = results;

also.items = () => {
  const found = [zero];
  for (let k = 1; k <= full; k++) found.push(view.items[2 * boxOf[turn(k)[0]] + (k > half)]);
  $("walk").replaceChildren(...[...new Set(found.toReversed())].reverse()); // by their last turn
  found.at(-1).append(table);
  return found;
};

// Opens view n, and stays at the step, or goes to the first turn inside of what has just gone.
async function open(n, stop) {
  await unfolded;
  const first = stop && (position > half ? end - rank[stop.at(-1)] : rank[stop[0]] + 1);
  const step = first || stepOf(position);
  svg.replaceWith(views[n].svg);
  enter(views[n]);
  nav.replaceChildren(...view.way);
  go(positionOf(step));
  settle();
}

const next = () => position > 0 && view.opens[boxOf[turn(position)[0]]];
also.click = (n) => view.opens[n] && (open(view.opens[n]), true);
Object.assign(steps, {
  open: () => next() && open(next(), turn(position)),
  close: () => view !== views[0] && open(view.way.at(-2).value),
});
Object.assign(keys, { Enter: "open", Backspace: "close" });
on($("open"), "click", steps.open);

// ---------------------------------------------------------------- boxes of many numbers
also.draw = (box, nodes) => {
  const numbersOf = { value: (i) => (known(i) ? run.v[i] : undefined), grad: total };
  const most = all(".most", box); // no nodes: plain numbers
  for (const name in nodes.length && numbersOf) {
    const numbers = nodes.map((i) => (i === null ? undefined : numbersOf[name](i)));
    const there = numbers.filter((x) => x !== undefined), bars = box.querySelector(`.bars.${name}`);
    if (bars) {
      const { columns, pitch, high } = bars.dataset, odd = box.querySelector(`.odd.${name}`);
      const d = strokes(numbers, Number(columns), Number(pitch), Number(high));
      const marks = odd ?? bars.cloneNode();
      marks.setAttribute("class", `odd ${name}`);
      bars.after(marks);
      [bars, marks].forEach((path, n) => path.setAttribute("d", d[n]));
    }
    (bars ? [most.shift()] : all(`text.${name}`, box)).forEach((text, n, { length: texts }) => {
      const told = brief(texts > 1 && n === 0 ? length(there) : foremost(there));
      const digits = there.length ? told.replaceAll("-", "−") : "–";
      write(text, text.textContent.replace(/\S+$/, digits));
      text.classList.toggle("none", !there.length);
    });
  }
};

// A wire is as thick as what has passed is long, of 6 px where that is most, to a thousandth.
also.drawn = () => {
  const squares = []; // none: nothing has come
  bundles.forEach((n, p) => {
    if (n !== undefined && !frozen.has(inputs[p]) && arrived(p))
      squares[n] = (squares[n] ?? 0) + run.a[p] ** 2;
  });
  const most = Math.max(...squares.filter(isFinite));
  [...wires.values()].forEach((wire, n) => {
    const share = Math.max(-3, Math.log10(Math.sqrt(squares[n] / most))); // nan: none, or all 0
    wire.setAttribute("stroke-width", squares[n] ? (6 + (5 / 3) * (share || 0)).toFixed(1) : 1.2);
    wire.setAttribute("stroke-dasharray", squares[n] === 0 ? "2 4" : "none");
  });
  for (const ask of all(".ask", item)) ask.hidden = position !== half;
  $("open").setAttribute("aria-disabled", !next());
};
on(nav, "click", ({ target }) => target.value && open(target.value));
