"""The web page on which a person says for each example whether it is real or generated."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Real or generated?</title>
<style>
body {{ font: 18px/1.5 sans-serif; margin: 1em auto; max-width: 42em; padding: 0 1em; color: #111; background: #fff; }}
#item {{ min-height: 14em; border: 1px solid #888; padding: 1em; display: grid; place-items: center; }}
#item img {{ width: min(100%, 20em); image-rendering: pixelated; }}
#item pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }}
button {{ font: inherit; padding: .7em 1.2em; margin: .8em .5em 0 0; }}
</style>
<h1>Real or generated?</h1>
<p>Some of these {count} {name} come from the data, others from a model. Press R for real, G for generated,
Backspace to go back. Your answers stay on this device until you save them as a file.</p>
<label>Your name or initials <input id="rater" autocomplete="off"></label>
<p id="place" role="status"></p>
<div id="item"></div>
<button id="real">Real (R)</button><button id="generated">Generated (G)</button><button id="back">Back</button>
<button id="save">Save answers</button>
<script>
const items = {items};
const answers = {{}};
let place = 0;
const by = (id) => document.getElementById(id);
function show() {{
  const done = place >= items.length;
  by("place").textContent = done ? "Done: save your answers, and send the file to whoever asked you." :
    `${{place + 1}} of ${{items.length}}`;
  by("item").replaceChildren();
  if (!done) {{
    const value = items[place].value;
    const element = document.createElement(value.startsWith("data:image/png") ? "img" : "pre");
    if (element.tagName === "IMG") element.src = value, element.alt = "the example"; else element.textContent = value;
    by("item").append(element);
  }}
  by("real").disabled = by("generated").disabled = done;
  by("back").disabled = place === 0;
}}
function answer(said) {{
  if (place < items.length) answers[items[place].id] = said, place++;
  show();
}}
function back() {{
  if (place > 0) place--;
  show();
}}
by("real").onclick = () => answer("real");
by("generated").onclick = () => answer("generated");
by("back").onclick = back;
by("save").onclick = () => {{
  const rater = by("rater").value.trim() || "anonymous";
  const text = JSON.stringify({{ sheet: {sheet}, rater, answers }}, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {{ type: "application/json" }}));
  link.download = `answers-${{rater}}.json`;
  link.click();
}};
document.addEventListener("keydown", (event) => {{
  if (event.target.id === "rater" || event.ctrlKey || event.metaKey) return;
  if (event.key.toLowerCase() === "r") answer("real");
  if (event.key.toLowerCase() === "g") answer("generated");
  if (event.key === "Backspace") back();
}});
show();
</script>
</html>
"""


def judging_page(name: str, sheet: str, items: Sequence[tuple[str, str]]) -> str:
    """Self-contained HTML, which sends nothing anywhere.

    Args:
        name: of the kind of examples, in the plural.
        sheet: identifies the page that answers belong to.
        items: number and value of each example, in the order shown: text, or a data URL of a PNG.
    """
    values = json.dumps([{"id": number, "value": value} for number, value in items], ensure_ascii=False)
    values = values.replace("</", "<\\/")  # of a text that ends the script
    return _PAGE.format(count=len(items), name=html.escape(name), items=values, sheet=json.dumps(sheet))
