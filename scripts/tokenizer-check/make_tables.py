"""Writes lib/tokenizer/unicode-tables.ts: where the characters that Python's tokenizers library knows differ from Node's.

    python make_tables.py

Each class is asked for one character at a time. Run it with the newest Node, whose Unicode is the newest.
"""

import json
import pathlib
import subprocess
import textwrap

from tokenizers import Regex, normalizers, pre_tokenizers

CODES = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]

NODE = """
const sets = { unassigned: /^\\p{Cn}$/u, marks: /^\\p{M}$/u };
const out = { unassigned: [], marks: [], forms: {} };
for (let code = 0; code < 0x110000; code++) {
  if (code >= 0xd800 && code <= 0xdfff) continue;
  const character = String.fromCodePoint(code);
  for (const [name, set] of Object.entries(sets)) if (set.test(character)) out[name].push(code);
  const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => character.normalize(form));
  if (forms.some((form) => form !== character)) out.forms[code] = forms;
}
console.log(JSON.stringify(out));
"""


def chosen(test):
    return {code for code in CODES if test(chr(code))}


def ranges(codes):
    out = []
    for code in sorted(codes):
        if out and code == out[-1][1] + 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in out)


def inert(node, marks):
    """What Unicode 9 doesn't reorder, decompose or compose: newer marks, newer compositions and what these begin with."""
    forms = [normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD()]
    out = set(node["marks"]) - marks
    for code, theirs in node["forms"].items():
        character = chr(int(code))
        if [form.normalize_str(character) for form in forms] != theirs:
            out |= {int(code)} | {ord(part) for part in theirs[1] if ord(part) >= 0x10000}
    return out


def main():
    node = json.loads(subprocess.run(["node", "-e", NODE], check=True, capture_output=True).stdout)
    unassigned = pre_tokenizers.Split(Regex(r"\p{Cn}"), "removed")
    bert = pre_tokenizers.BertPreTokenizer()
    cleaning = normalizers.BertNormalizer(True, False, False, False)
    accents = normalizers.BertNormalizer(False, False, True, False)
    marks = chosen(lambda c: normalizers.StripAccents().normalize_str(c) == "")
    tables = {
        "afterUnicode16": ("Characters that Node knows and Oniguruma 6.9.10 and Rust's regex crate, of Unicode 16, don't.",
                           chosen(lambda c: unassigned.pre_tokenize_str(c) == []) - set(node["unassigned"])),
        "punctuation8": ("Punctuation of ASCII and of the crate unicode_categories, which knows Unicode 8.",
                         chosen(lambda c: len(bert.pre_tokenize_str("a" + c + "a")) == 3)),
        "combiningMarks": ("What StripAccents removes: combining marks of the crate unicode-normalization-alignments, of Unicode 9.",
                           marks),
        "normalizationInert": ("Characters of after Unicode 9 that normalisation now reorders, composes or decomposes.",
                               inert(node, marks)),
        "nonspacingMarks8": ("What the accent stripping of BertNormalizer removes: nonspacing marks of unicode_categories.",
                             chosen(lambda c: accents.normalize_str(c) == "")),
        "bertControls": ("What the cleaning of BertNormalizer removes: controls, formats and private use of unicode_categories.",
                         chosen(lambda c: cleaning.normalize_str(c) == "") - {0, 0xFFFD}),
    }
    lines = ["/**", " * Character tables of the Rust crates behind the tokenizers library, where Node's own Unicode version differs from theirs.",
             " * Written by scripts/tokenizer-check/make_tables.py: hexadecimal code points and ranges.", " */"]
    for name, (doc, codes) in tables.items():
        lines += ["", f"/** {doc} */", f"export const {name} = ["]
        lines += [f"  '{line}'," for line in textwrap.wrap(ranges(codes), 112, break_on_hyphens=False)]
        lines += ["].join(' ');"]
    out = pathlib.Path(__file__).parents[2] / "lib" / "tokenizer" / "unicode-tables.ts"
    out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
