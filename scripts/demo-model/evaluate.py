"""Measures the stored model and transcoders, prints the table and writes evaluation.json, prompts.json and world.json."""

import json
from collections import defaultdict

import torch
import torch.nn.functional as F

import phrasings
import transcoders
import world
from activations import collect, load_model
from corpus import TWO_STEP_KINDS, Corpus, split
from interventions import swap_success
from make_tokenizer import write_json
from settings import N_LAYERS, RECIPE, SEED
from train_model import accuracy

DOCUMENTS = 4_096
DOCUMENT = RECIPE.parents[1] / "docs" / "internals" / "demo-model.md"
NAMES = {
    "heldOutTwoStep": "two steps, never in the training text",
    "heldOutBirth": "the same by way of a birthplace",
    "trainedTwoStep": "two steps, in the training text",
    "oneStep": "one step",
    "opposites": "opposites",
    "sums": "sums",
}


def classes(training, held_out):
    """Statements by the names under which prompts.json lists them."""
    of_kind = lambda statements, *kinds: [s for s in statements if s.kind in kinds]
    return {
        "heldOutTwoStep": of_kind(held_out, "twoStep"),
        "heldOutBirth": of_kind(held_out, "birthTwoStep"),
        "trainedTwoStep": of_kind(training, *TWO_STEP_KINDS),
        "oneStep": of_kind(training, "cityPlace", "placeFact", "birth"),
        "opposites": of_kind(training, "opposite"),
        "sums": of_kind(training, "sum"),
    }


def prompt_list(statements):
    """One prompt for each fact: the first phrasing, which begins with `Fact:`."""
    first = {}
    for s in statements:
        first.setdefault((s.subject, s.relation), s)
    describe = lambda s: {"prompt": s.prompt, "answer": s.answer, "subject": s.subject, "relation": s.relation}
    return [describe(s) | ({"via": s.via} if s.via else {}) for s in first.values()]


def explained(t, data):
    """Per layer: share of the variance of the MLP's output, active features per token, share of features never on."""
    features = [t.encode(layer, data.resid_mid[layer]) for layer in range(N_LAYERS)]
    figures = defaultdict(list)
    for layer in range(N_LAYERS):
        target = data.mlp_out[layer]
        left = (target - t.decode(features, layer)).pow(2).sum() / (target - target.mean(0)).pow(2).sum()
        figures["varianceExplained"].append(round(1 - left.item(), 4))
        figures["activeFeatures"].append(round((features[layer] > 0).sum(-1).float().mean().item(), 1))
        figures["deadFeatures"].append(int((features[layer] > 0).sum(0).eq(0).sum()))
    return dict(figures)


def replacement(t):
    """A `replace_mlp` that puts the reconstruction in place of every MLP, <bos> apart."""
    features = {}

    def replace(layer, resid_mid, mlp_out):
        features[layer] = t.encode(layer, resid_mid)
        out = t.decode(features, layer)
        return torch.cat((mlp_out[:, :1], out[:, 1:]), dim=1)

    return replace


def cross_entropy(model, tokenizer, statements, t=None):
    """Mean over the answers, with the MLPs or with what the transcoders make of them; and the share of right ones."""
    losses, right = [], 0
    for s in statements:
        ids = torch.tensor([tokenizer.encode(s.prompt).ids])
        answer = tokenizer.token_to_id("▁" + s.answer)
        logits = model.logits(model(ids, replace_mlp=t and replacement(t))[0, -1])
        losses.append(F.cross_entropy(logits, torch.tensor(answer)).item())
        right += logits.argmax().item() == answer
    return {"crossEntropy": round(sum(losses) / len(losses), 4), "accuracy": round(right / len(losses), 4)}


@torch.no_grad()
def measure(parts):
    torch.set_num_threads(2)
    model, tokenizer = load_model()
    report = {"seed": SEED}
    report["accuracy"] = {
        name: {"statements": len(statements), "accuracy": round(accuracy(model, tokenizer, statements)[0], 4)}
        for name, statements in parts.items()
    }
    data = collect(model, tokenizer, DOCUMENTS, SEED + 3)
    sample = [s for statements in parts.values() for s in statements[:: len(statements) // 100]]
    report["answers"] = {"model": cross_entropy(model, tokenizer, sample)}
    report["transcoders"] = {}
    for kind, folder in transcoders.FOLDERS.items():
        t = transcoders.load(kind)
        report["transcoders"][folder.name] = explained(t, data) | {"swap": swap_success(model, tokenizer, t)}
        report["answers"][folder.name] = cross_entropy(model, tokenizer, sample, t)
    return report


def show(report):
    for name, value in report["accuracy"].items():
        print(f"{name:16s} {value['accuracy']:.4f} of {value['statements']}")
    for name, value in report["answers"].items():
        print(f"answers with {name}: cross-entropy {value['crossEntropy']:.4f}, accuracy {value['accuracy']:.4f}")
    for name, figures in report["transcoders"].items():
        print(name)
        for key, value in figures.items():
            print(f"  {key}: {value}")


def write_prompts(parts):
    """One prompt a line."""
    lines = lambda statements: ",\n".join(json.dumps(prompt, ensure_ascii=False) for prompt in prompt_list(statements))
    sections = (f'"{name}": [\n{lines(statements)}\n]' for name, statements in parts.items())
    (RECIPE / "prompts.json").write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def write_table(report):
    """The accuracies and what the transcoders explain, between their marks in docs/internals/demo-model.md."""
    accuracy_rows = [f"| {NAMES[key]} | {row['statements']:,} | {row['accuracy']:.1%} |" for key, row in report["accuracy"].items()]
    lines = ["| questions | sentences | right |", "|---|---|---|", *accuracy_rows, ""]
    lines += ["| layer by layer | variance explained | features active at a token | features never active |", "|---|---|---|---|"]
    for name, figures in report["transcoders"].items():
        columns = (figures[key] for key in ("varianceExplained", "activeFeatures", "deadFeatures"))
        lines.append(f"| {name} | {' | '.join(', '.join(map(str, column)) for column in columns)} |")
    head, rest = DOCUMENT.read_text(encoding="utf-8").split("<!-- accuracy -->")
    tail = rest.split("<!-- end of accuracy -->")[1]
    table = "\n".join(lines)
    text = f"{head}<!-- accuracy -->\n{table}\n<!-- end of accuracy -->{tail}"
    DOCUMENT.write_text(text, encoding="utf-8")


def main():
    parts = classes(*split())
    report = measure(parts)
    show(report)
    write_json(RECIPE / "evaluation.json", report)
    write_json(RECIPE / "world.json", world.as_json())
    write_prompts(parts)
    write_table(report)


if __name__ == "__main__":
    main()
