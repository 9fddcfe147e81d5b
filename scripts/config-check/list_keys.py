"""
The keys of the families' configuration classes in this Python's transformers, as JSON added to KEYS:

    python list_keys.py KEYS.json

test/unit/model/config-keys.test.ts checks that the families' tables name each of them.
"""

import dataclasses
import inspect
import json
import re
import sys
from pathlib import Path

import transformers

CLASSES = {
    "gpt2": ["GPT2Config"],
    "gpt_neox": ["GPTNeoXConfig"],
    "llama": ["LlamaConfig"],
    "mistral": ["MistralConfig", "MinistralConfig"],
    "qwen2": ["Qwen2Config"],
    "qwen3": ["Qwen3Config"],
    "gemma2": ["Gemma2Config"],
    "gemma3": ["Gemma3TextConfig", "Gemma3Config"],
    "gpt_oss": ["GptOssConfig"],
}


def keys_of(name):
    cls = getattr(transformers, name)
    keys = set(cls.attribute_map) | set(cls.attribute_map.values())
    if dataclasses.is_dataclass(cls):
        keys |= {field.name for field in dataclasses.fields(cls)}
    for one in (cls, transformers.PretrainedConfig):
        keys |= set(inspect.signature(one.__init__).parameters)
    # What the model reads beside its class's own keys: getattr(config, "head_dim", None), config.hidden_size.
    modeling = inspect.getsource(sys.modules[cls.__module__.replace("configuration_", "modeling_")])
    keys |= set(re.findall(r'getattr\((?:self\.)?config, "(\w+)"', modeling))
    keys |= set(re.findall(r"\bconfig\.(\w+)\b(?!\()", modeling))
    return {key for key in keys if not key.startswith("__")} - {"self", "args", "kwargs"}


def main():
    path = Path(sys.argv[1])
    known = json.loads(path.read_text()) if path.exists() else {}
    for family, names in CLASSES.items():
        for name in names:
            __import__(f"{getattr(transformers, name).__module__.replace('configuration_', 'modeling_')}")
        found = set().union(*map(keys_of, names))
        known[family] = sorted(found | set(known.get(family, [])))
    path.write_text(json.dumps(known, indent=1) + "\n")


main()
