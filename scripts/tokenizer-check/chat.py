"""What transformers renders of templates: expressions one by one, and templates with the constructs of published ones.

    python chat.py OUT.json

OUT.json: {"context", "templates", "cases": [{"template" or "name", "context", "want" or "error"}]}; check-chat.js renders
them with the package.
"""

import datetime
import json
import pathlib
import sys

from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = pathlib.Path(__file__).parent


class FixedDate(datetime.datetime):
    """The time that strftime_now tells, here and in check-chat.js."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 28, 9, 5, 7)


chat_template_utils.datetime = FixedDate

CONTEXT = {
    "s": "  Hello \u00e9\u00df Wor'ld\n ", "t": "a,b,,c", "emoji": "\U0001f468\u200d\U0001f469x", "n": 7, "neg": -3, "f": 2.5, "g": 1e20, "tiny": 0.00001,
    "l": [3, 1, 2], "words": ["b", "A", "c", "a"], "d": {"b": 1, "a": [1, "x"], "items": 5}, "none": None, "yes": True, "nested": [[1, 2], [3, [4]]],
    "people": [{"name": "Zoe", "age": 3, "role": "user"}, {"name": "amy", "age": 1, "role": "tool"}, {"name": "Bob", "age": 2, "role": "user"}],
    "messages": [{"role": "user", "content": "Hi"}], "tools": None, "documents": None, "add_generation_prompt": True,
    "bos_token": "<s>", "eos_token": "</s>",
}


def expressions():
    return [line for line in (HERE / "expressions.txt").read_text().split("\n") if line and not line.startswith("##")]


def conversations():
    plain = [{"role": "user", "content": "Where is Dallas?"}]
    whole = [{"role": "system", "content": "Be brief. "}, {"role": "user", "content": " Hi\nthere \U0001f9fa "},
             {"role": "assistant", "content": "<think>\n  step one\n</think>\n\n    code()\n"}, {"role": "user", "content": "c \u00e9 \u4f60\u597d \"q\" 'x' <b>&amp;</b>"}]
    parts = [{"role": "user", "content": [{"type": "text", "text": " One"}, {"type": "text", "text": "two "}]}]
    answered = [*plain, {"role": "assistant", "content": "  Texas\n"}]
    return [plain, whole, parts, answered]


def render(template, context):
    try:
        return {"want": _compile_jinja_template(template).render(**context)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    cases = []
    for line in expressions():
        template = line.encode("latin-1", "backslashreplace").decode("unicode_escape") if line.startswith("!") else line
        template = template.removeprefix("!")
        if "{{" not in template and "{%" not in template and "{#" not in template:
            template = "{{ " + template + " }}"
        cases.append({"template": template, **render(template, CONTEXT)})
    for path in sorted((HERE / "templates").glob("*.jinja")):
        for messages in conversations():
            context = {"messages": messages, "tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>",
                       "add_generation_prompt": messages[-1]["role"] != "assistant"}
            cases.append({"name": path.stem, "context": context, **render(path.read_text(), context)})
    templates = {path.stem: path.read_text() for path in sorted((HERE / "templates").glob("*.jinja"))}
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"context": CONTEXT, "templates": templates, "cases": cases}))
    print(len(cases), "cases,", sum("error" in case for case in cases), "errors")


if __name__ == "__main__":
    main()
