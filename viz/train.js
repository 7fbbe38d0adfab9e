// Gradient descent on the page, w ← w - rate × gradient by evaluator.js, and what is shown of it:
// any of its steps, the root's curve, a map of one output over two leaves. In front of it stand
// trained, the leaves; rate; and mapped, the output and the two leaves.
const KEPT = 256; // states kept: to go back, no more steps are done again than lie between two
const SLICE = { play: 20, go: 100 }; // ms of steps in a frame
const [toField, rateField, past, curve] = ["to", "rate", "past", "curve"].map($);
let done, reached, rates, kept, every, frame;
let to; // the step that is gone to; Infinity: it plays
const plays = () => to === Infinity;

const finite = () => isFinite(run.v[root]) && trained.every((i) => isFinite(here.get(i)));
const state = () => ({ step: done, at: trained.map((i) => here.get(i)), loss: run.v[root] });

// The present state is step 0: at first, and where a hand has moved an input.
function begin() {
  [done, reached, to, every, kept] = [0, 0, 0, 1, []];
  rates = [[0, rates?.at(-1)[1] ?? rate]]; // each with the step that it holds from
  kept.push(state());
}

function descend() {
  const [, rate] = rates.findLast(([from]) => from <= done);
  for (const i of trained) here.set(i, here.get(i) - rate * run.g[i]);
  evaluate();
  reached = Math.max(reached, ++done);
  if (done > kept.at(-1).step && done % every === 0) kept.push(state());
  if (kept.length <= KEPT) return;
  every *= 2;
  kept = kept.filter(({ step }) => step % every === 0);
}

function back(step) {
  const last = kept.findLast((state) => state.step <= step);
  trained.forEach((i, n) => here.set(i, last.at[n]));
  done = last.step;
  evaluate();
}

function tick() {
  const until = performance.now() + SLICE[plays() ? "play" : "go"];
  const most = plays() ? done + 1 + Math.floor(done / 50) : to; // slow first, where much changes
  while (done < most && finite() && performance.now() < until) descend();
  if (!finite()) to = done;
  frame = done < to ? requestAnimationFrame(tick) : undefined;
  refill();
  tell();
  if (!frame) write($("said"), `${toField.parentElement.innerText} ${done}: ${$("now").innerText}`);
}

function travel(step) {
  to = Math.max(0, Math.round(step)) || 0;
  if (to < done) back(to);
  if (!frame) tick();
}

on(toField, "change", () => travel(toField.valueAsNumber));
on(past, "input", () => travel(past.valueAsNumber));
on($("play"), "click", () => {
  to = plays() ? done : Infinity;
  if (!frame) tick();
});
// What was done stays as it was; another rate holds from here on.
on(rateField, "change", () => {
  if (!(rateField.valueAsNumber > 0)) return (rateField.value = rates.at(-1)[1]);
  kept = kept.filter(({ step }) => step <= done);
  rates = [...rates.filter(([from]) => from < done), [done, rateField.valueAsNumber]];
  reached = done;
  tell();
});

// ---------------------------------------------------------------- what is shown of it
also.moved = () => trained.length && begin();
also.told = () => {
  if (trained.length) course();
  if (mapped.length) paint();
};

function course() {
  $("play").textContent = $("play").dataset[plays() ? "on" : "off"];
  if (!frame || document.activeElement !== toField) toField.value = done;
  past.max = Math.max(1000, reached);
  past.value = done;
  write($("loss"), show(run.v[root]));
  $("stopped").hidden = finite();
  write($("stopped").firstElementChild, done);
  const points = done < reached ? kept : [...kept, state()];
  const there = points.filter(({ loss }) => isFinite(loss));
  const losses = there.map(({ loss }) => loss), wide = 100 / (reached || 1);
  const low = Math.min(...losses), tall = 36 / (Math.max(...losses) - low || 1);
  const line = there.map(({ step, loss }) => `${step * wide} ${38 - tall * (loss - low)}`);
  curve.setAttribute("d", `M${line.join("L") || "0 0"}`);
  $("mark").setAttribute("d", `M${done * wide} 0V40`);
}

// ---------------------------------------------------------------- the map
const canvas = $("map").querySelector("canvas"), [out, ...axes] = mapped;
const path = cone(); // the ops between the two leaves and the output
const ends = axes.map((i) => {
  const [low, high] = [Math.min(0, python.get(i)), Math.max(1, python.get(i))];
  return [low - (high - low) / 2, high + (high - low) / 2];
});
const side = path.length > 100 ? 16 : 32; // a frame has the time for some 100,000 ops

function cone() {
  const from = new Set(axes), need = new Set([out]);
  for (const i of turns) forEachNode(i, (x) => from.has(x) && from.add(i));
  for (const i of turns.toReversed()) need.has(i) && forEachNode(i, (x) => need.add(x));
  return turns.filter((i) => from.has(i) && need.has(i));
}

function paint() {
  const v = run.v.slice(), grid = [], size = canvas.width / side, ink = canvas.getContext("2d");
  for (let n = 0; n < side * side; n++) {
    const at = [n % side, side - 1 - Math.floor(n / side)];
    axes.forEach((i, a) => {
      const [low, high] = ends[a];
      v[i] = low + ((at[a] + 0.5) / side) * (high - low);
    });
    for (const i of path) v[i] = ops[kind[i]].v(...operands(i, v));
    grid.push(v[out]);
  }
  const there = grid.filter(isFinite), [low, high] = [Math.min(...there), Math.max(...there)];
  ink.clearRect(0, 0, canvas.width, canvas.height);
  ink.fillStyle = getComputedStyle(canvas).color;
  grid.forEach((z, n) => {
    ink.globalAlpha = isFinite(z) ? (z - low) / (high - low || 1) : 0;
    ink.fillRect(size * (n % side), size * Math.floor(n / side), size, size);
  });
  const texts = [low, high].map(show), [from, , till, ...along] = all("i", $("map"));
  [from, till].forEach((e, n) => write(e, there.length ? texts[n] : "nan"));
  along.forEach((e, n) => write(e, ends[n].map(show).join(" … ")));
}
if (mapped.length) {
  on($("theme"), "click", paint);
  on(matchMedia("(prefers-color-scheme: dark)"), "change", paint);
}
