// What page.js shows beside the walk: the recorded number beside the present one, a guess before an
// amount, the lines that rebuild this state, and the explanations that page.py has packed.

// ---------------------------------------------------------------- recorded → now
// Where they differ both stand there: in a number's 80 px, smaller than its 12; where they would be
// smaller than 10, in its word's 36 px as well. A letter is 0.602 em.
function both(text, was, now) {
  const [before, after] = [was, now].map(drawn), two = before !== after;
  write(text, two ? `${before} → ${after}` : after);
  text.classList.toggle("none", now === undefined);
  if (!two && !text.hasAttribute("font-size")) return;
  const wide = 0.602 * text.textContent.length, long = two && 10 * wide > 80;
  const words = all(".words text", text.parentElement);
  const word = words.find((e) => text.classList.contains(e.textContent));
  word.classList.toggle("away", long);
  text.setAttribute("x", Number(word.getAttribute("x")) + (long ? 0 : 36));
  if (two) text.setAttribute("font-size", Math.min(12, (long ? 116 : 80) / wide).toFixed(1));
  else text.removeAttribute("font-size");
}

// ---------------------------------------------------------------- a guess before the amount
const field = $("mine"), score = $("score");
const blank = () => position > half && item.querySelector(".row [n^=a]");
let seen; // the ops whose amounts were guessed; undefined: nothing is hidden
let right;

function sent() {
  const [, i, slot] = /^a(\d+)\.?(\d*)$/.exec(blank().getAttribute("n"));
  return run.a[starts[i] + Number(slot)];
}

function hides() {
  const open = seen && blank() && !seen.has(turn(position)[0]) && isFinite(sent());
  if (!open) $("asks").append(field);
  else if (blank().nextSibling !== field) blank().after(field);
  field.hidden = !open;
  return Number(Boolean(open));
}

function guess() {
  [seen, right] = [seen ? undefined : new Set(), 0];
  $("guess").setAttribute("aria-pressed", Boolean(seen));
  write(score, "");
  refresh();
  say();
}

on(field, "change", () => {
  const off = size(field.valueAsNumber - sent()), near = off <= 0.0100001 * size(sent()); // rounded
  if (Number.isNaN(off)) return; // not typed to its end
  seen.add(turn(position)[0]);
  right += near;
  field.value = "";
  write(score, `${score.dataset[near]} ${right} of ${seen.size} right`);
  $("step").focus(); // the arrows step again
  refresh();
  say(score.textContent);
});

// ---------------------------------------------------------------- as Python
const code = $("lines");

function digits(x) {
  if (!isFinite(x)) return `float("${show(x)}")`;
  const text = Object.is(x, -0) ? "-0" : String(x);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function rebuild() {
  if (code.hidden) return;
  const lines = leaves.map(([i, , recording, label, name = label]) => {
    const parts = [digits(here.get(i)), label && JSON.stringify(label)];
    if (!recording) parts.push("requires_grad=False");
    return `${name} = Value(${parts.filter(Boolean).join(", ")})`;
  });
  code.value = ["from autograd import Value", "", ...lines].join("\n");
}

on($("python"), "click", ({ target }) => {
  target.setAttribute("aria-expanded", !(code.hidden = !code.hidden));
  rebuild();
});

// ---------------------------------------------------------------- why
// Node i; else the leaf that was clicked on, the op whose turn it is, or of the whole: the last.
async function explain(i = chosen) {
  const why = $("why"), [now, more] = position ? turn(position) : [count];
  if (why.open) return why.close();
  const texts = explained ? (await unpack(explained)).split("\0") : [];
  write($("told"), texts[i ?? (more === undefined ? now : -1)] ?? why.dataset.else);
  why.showModal();
}
on($("close"), "click", () => $("why").close());
rows.forEach((row, n) => on(row.lastElementChild, "click", () => explain(leaves[n][0])));
