"""Tokenizers of the nine families' styles and of home-made kinds, trained on a small corpus."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = GPT4.replace(r"\p{N}{1,3}", r"\p{N}")
CL100K = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
TEKKEN = O200K.replace(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace(r"\p{N}{1,3}", r"\p{N}")
QWEN35 = QWEN.replace(r"\p{L}+", r"[\p{L}\p{M}]+", 1)


def corpus():
    return [
        "The ferry crosses the river every morning, and the stones are still wet.",
        "She counted 12 baskets of salt; 345 letters and 6,789 carts came by.",
        "It's what they're after: we've seen I'm sure you'll say he'd go, don't.",
        "def f(x):\n    return x ** 2  # the square\n\n\tprint('ok')",
        "caf\u00e9 na\u00efve \u00fcber stra\u00dfe \u4f60\u597d\u4e16\u754c \u043f\u0440\u0438\u0432\u0435\u0442 \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
        "   spaces   and\ttabs\r\nlines\n\n\nend",
    ] * 20


def added(content, special=True, **options):
    return AddedToken(content, special=special, normalized=options.pop("normalized", not special), **options)


def finished(tokenizer, trainer, extra=(), config=None):
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_special_tokens([added("<|endoftext|>"), added("<s>")])
    tokenizer.add_tokens([added("  ", special=False), added("sub", special=False, single_word=True),
                          added("<mask>", special=False, lstrip=True, rstrip=True, normalized=False), *extra])
    return tokenizer, {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **(config or {})}


def byte_level(pre, normalizer=None, **bpe):
    def make():
        tokenizer = Tokenizer(models.BPE(**bpe))
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=520, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
        return finished(tokenizer, trainer)
    return make


def split(pattern, **bpe):
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return byte_level(pre, **bpe)


def sentencepiece(normalizer, decoder, pre=None, **bpe):
    def make():
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True, **bpe))
        tokenizer.normalizer = normalizer
        if pre:
            tokenizer.pre_tokenizer = pre
        tokenizer.decoder = decoder
        special = ["<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=620, special_tokens=special, limit_alphabet=60, show_progress=False, max_token_length=12)
        tokenizer.train_from_iterator([w for line in corpus() for w in line.split(" ")], trainer)
        data = __import__("json").loads(tokenizer.to_str())
        # Bytes and the unknown token are plain entries of the vocabulary, as SentencePiece's conversion has them.
        data["added_tokens"] = [entry for entry in data["added_tokens"] if not entry["content"].startswith("<0x")]
        tokenizer = Tokenizer.from_str(__import__("json").dumps(data))
        tokenizer.add_special_tokens([added("<|endoftext|>"), added("<s>")])
        tokenizer.add_tokens([added("<mask>", special=False, lstrip=True, rstrip=True, normalized=False), added("\n\n", special=False)])
        return tokenizer, {"clean_up_tokenization_spaces": False, "unk_token": "<unk>"}
    return make


def words(model, pre, trainer, normalizer=None, decoder=None):
    def make():
        tokenizer = Tokenizer(model())
        if normalizer:
            tokenizer.normalizer = normalizer
        if pre:
            tokenizer.pre_tokenizer = pre
        if decoder:
            tokenizer.decoder = decoder
        return finished(tokenizer, trainer())
    return make


def word_level(pre, normalizer=None):
    return words(lambda: models.WordLevel(unk_token="[UNK]"), pre,
                 lambda: trainers.WordLevelTrainer(vocab_size=300, special_tokens=["[UNK]"], show_progress=False), normalizer)


def word_piece(pre, normalizer):
    return words(lambda: models.WordPiece(unk_token="[UNK]"), pre,
                 lambda: trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]"], show_progress=False), normalizer,
                 decoders.WordPiece(cleanup=False))


def unigram(pre, normalizer=None, decoder=None, **options):
    return words(models.Unigram, pre, lambda: trainers.UnigramTrainer(
        vocab_size=200, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False, **options), normalizer, decoder)


P, N, D = pre_tokenizers, normalizers, decoders
llama2 = D.Sequence([D.Replace("\u2581", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
gemma = D.Sequence([D.Replace("\u2581", " "), D.ByteFallback(), D.Fuse()])
deepseek = P.Sequence([P.Split(Regex("[\r\n]"), "isolated"), P.Split(Regex(r"\s?\p{L}+"), "isolated"),
                       P.Split(Regex(r"\s?\p{P}+"), "isolated"), P.Split(Regex(r"\s+$"), "isolated"),
                       P.Split(Regex("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), "isolated"), P.Digits(True),
                       P.ByteLevel(add_prefix_space=False, use_regex=False)])

STYLES = {
    "gpt2": byte_level(P.ByteLevel(add_prefix_space=False)),
    "gpt2-prefix": byte_level(P.ByteLevel(add_prefix_space=True)),
    "neox": byte_level(P.ByteLevel(add_prefix_space=False), N.NFC()),
    "llama3": split(GPT4, ignore_merges=True),
    "qwen2": lambda: split_nfc(QWEN),
    "qwen3": lambda: split_nfc(QWEN35),
    "gpt-oss": split(O200K),
    "mistral-tekken": split(TEKKEN),
    "mistral": sentencepiece(N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")]), llama2),
    "mistral-v3": sentencepiece(None or N.Sequence([]), llama2, P.Metaspace("\u2581", prepend_scheme="first", split=False)),
    "gemma": sentencepiece(N.Replace(" ", "\u2581"), gemma, P.Split(" ", "merged_with_previous")),
    "cl100k": split(CL100K),
    "deepseek": byte_level(deepseek),
    "word-level": word_level(P.Whitespace()),
    "word-level-split": word_level(P.WhitespaceSplit(), N.Sequence([N.NFKC(), N.Lowercase()])),
    "word-level-delimiter": word_level(P.CharDelimiterSplit(" "), N.Sequence([N.NFD(), N.StripAccents()])),
    "word-level-sequence": word_level(P.Sequence([P.WhitespaceSplit(), P.Punctuation("contiguous"), P.Digits(False)]), N.Nmt()),
    "bert": word_piece(P.BertPreTokenizer(), N.BertNormalizer()),
    "bert-cased": word_piece(P.BertPreTokenizer(), N.BertNormalizer(lowercase=False, strip_accents=True)),
    "punctuation": word_piece(P.Sequence([P.Whitespace(), P.Punctuation("merged_with_previous")]), N.NFKD()),
    "punctuation-next": word_piece(P.Sequence([P.Punctuation("merged_with_next"), P.Whitespace()]), N.NFC()),
    "punctuation-removed": word_piece(P.Sequence([P.Punctuation("removed"), P.FixedLength(3)]), N.Lowercase()),
    "unigram": unigram(P.Metaspace(), N.NFKC(), D.Metaspace()),
    "unigram-first": unigram(P.Metaspace(prepend_scheme="first"), None, D.Metaspace(prepend_scheme="first")),
    "unigram-never": unigram(P.Sequence([P.WhitespaceSplit(), P.Metaspace(prepend_scheme="never")]), N.Lowercase(), D.Metaspace(prepend_scheme="never")),
    "unigram-words": unigram(P.Whitespace()),
    "split-previous": byte_level(P.Sequence([P.Split(Regex(r"[aeiou\s]"), "merged_with_previous"), P.ByteLevel(False, use_regex=False)])),
    "split-next": byte_level(P.Sequence([P.Split(Regex(r"\s|\p{P}"), "merged_with_next"), P.ByteLevel(False, use_regex=False)])),
    "split-contiguous": byte_level(P.Sequence([P.Split(Regex(r"\w"), "contiguous"), P.ByteLevel(False, use_regex=False)])),
    "split-invert": byte_level(P.Sequence([P.Split(Regex(r"\b\w+\b|^[^\w]|\d++$"), "removed", invert=True), P.ByteLevel(False)])),
    "split-anchors": byte_level(P.Sequence([P.Split(Regex(r"^\s+|\s+$|\A.|\S\z|(?<=\d)(?=[[:alpha:]])|(?>a+)b|[[:punct:]&&[^.]]"), "isolated"), P.ByteLevel(False, use_regex=False)])),
    "split-case": byte_level(P.Sequence([P.Split(Regex(r"(?i:k|[a-f]|'\x{e9})|(?i)the|\p{^L}|\P{Lu}{2,3}?"), "isolated"), P.ByteLevel(False, use_regex=False)])),
    "bpe-suffix": lambda: bpe_suffix(),
    "bpe-prefix": lambda: bpe_prefix(),
}


def split_nfc(pattern):
    pre = P.Sequence([P.Split(Regex(pattern), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    return byte_level(pre, N.NFC())()


def bpe_suffix():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = N.Lowercase()
    tokenizer.pre_tokenizer = P.Sequence([P.Whitespace(), P.Digits(True)])
    tokenizer.decoder = D.BPEDecoder("</w>")
    return finished(tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))


def bpe_prefix():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True))
    tokenizer.pre_tokenizer = P.BertPreTokenizer()
    tokenizer.decoder = D.WordPiece()
    return finished(tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], continuing_subword_prefix="##", show_progress=False))
