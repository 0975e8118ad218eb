"""Language models: learning, recurrent states, generation."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary, learn_vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.model import GENERATION_ROWS
from aigc_tf.families.text.networks.language import feedback_of, step_network
from aigc_tf.families.text.writing import Reader
from aigc_tf.metrics.text.likelihood import BitsPerCharacter
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.text import TextRecipe, TextSettings

ALPHABET = "abcdefgh \n"
CELLS = ("simple", "gru", "lstm")


def vocabulary(with_ends: bool = False) -> Vocabulary:
    return learn_vocabulary([ALPHABET], TextSettings(), with_ends)


def recipes() -> dict[str, TextRecipe]:
    gpt, rnn = GPT.tiny(), CharRNN.tiny()
    found: dict[str, TextRecipe] = {
        f"gpt {positions}": dataclasses.replace(gpt, positions=positions) for positions in ("rotary", "learned")
    }
    return found | {
        cell: dataclasses.replace(rnn, recurrent=dataclasses.replace(rnn.recurrent, cell=cell, depth=2))
        for cell in CELLS
    }


RECIPES = recipes()


@pytest.fixture(params=RECIPES)
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return aigc_tf.create(RECIPES[request.param], vocabulary=vocabulary())


def tokens(rows: int, time: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, len(vocabulary()), (rows, time)).astype(np.int32)


def sharpen(network: keras.Model) -> None:
    """Scale queries and keys of every attention by a hundred, and so the scores by ten thousand."""
    for layer in network.layers:
        if layer.name.startswith("queries_keys_values"):
            layer.kernel.assign(layer.kernel * np.repeat([100, 100, 1], layer.kernel.shape[1] // 3))


def all_logits(model: LanguageModel, inputs: np.ndarray) -> np.ndarray:
    states = [np.zeros((len(inputs), *state.shape[1:]), "float32") for state in model.sequence.inputs[1:]]
    answer = model.sequence([inputs, *states] if states else inputs, training=False)
    return (answer[0] if states else answer).numpy()


def test_a_symbol_changes_no_earlier_logit(model: LanguageModel) -> None:
    first = tokens(2, 12)
    second = first.copy()
    second[:, 7] = (second[:, 7] + 1 - 2) % (len(model.vocabulary) - 2) + 2
    before, after = all_logits(model, first), all_logits(model, second)
    np.testing.assert_array_equal(before[:, :7], after[:, :7])
    assert np.abs(before[:, 7:] - after[:, 7:]).max(axis=(0, 2)).min() > 1e-6  # and all later ones


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_large_scores_do_not_look_ahead(positions: str) -> None:
    """With queries and keys scaled by a hundred: on the whole sequence, in training, and with the KV cache."""
    model = aigc_tf.create(dataclasses.replace(RECIPES[f"gpt {positions}"], dropout=0.0), vocabulary=vocabulary())
    sharpen(model.sequence)
    first = tokens(2, 16)
    second = first.copy()
    second[:, 7:] = tokens(2, 9, seed=1)
    for training in (False, True):
        before, after = (np.asarray(model.sequence(inputs, training=training)) for inputs in (first, second))
        np.testing.assert_array_equal(before[:, :7], after[:, :7])
    for pieces in ([1] * 7, [7]):
        reader, at = Reader(model.networks, 2), 0
        # Leftovers of an earlier text in later cache positions.
        reader.states = {
            name: state if name == "position" else state + 1000 * np.random.default_rng(0).normal(size=state.shape)
            for name, state in reader.states.items()
        }
        for piece in pieces:
            found = reader.read(first[:, at : at + piece])
            at += piece
            np.testing.assert_allclose(found, before[:, at - 1], atol=1e-3)


def test_steps_agree_with_the_whole_sequence(model: LanguageModel) -> None:
    inputs = tokens(3, 16)
    expected = all_logits(model, inputs)
    reader = Reader(model.networks, 3)
    found = np.stack([reader.read(inputs[:, [time]]) for time in range(16)], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("pieces", [[16], [1, 15], [5, 1, 10], [15, 1]])
def test_prompts_are_read_in_pieces(pieces: list[int]) -> None:
    """A transformer's prefill, in chunks of any size."""
    model = aigc_tf.create(RECIPES["gpt rotary"], vocabulary=vocabulary())
    inputs = tokens(2, 16)
    reader, at = Reader(model.networks, 2), 0
    for piece in pieces:
        found = reader.read(inputs[:, at : at + piece])
        at += piece
        np.testing.assert_allclose(found, all_logits(model, inputs)[:, at - 1], atol=1e-5)


def test_only_a_transformer_has_a_context_whatever_states_are_called() -> None:
    model = aigc_tf.create(RECIPES["gru"], vocabulary=vocabulary())
    states = {name: keras.Input((4,), name=name) for name in ("keys_0", "values_0")}
    token = keras.Input((), dtype="int32", name="token")
    logits = keras.layers.Embedding(len(vocabulary()), len(vocabulary()))(token)
    step = step_network(token, states, logits, states, "step")
    networks = dataclasses.replace(model.networks, step=step, feedback=feedback_of(states))
    assert Reader(networks, 2).context is None and model.longest is None
    gpt = aigc_tf.create(GPT.tiny(), vocabulary=vocabulary())
    assert Reader(gpt.networks, 2).context == gpt.longest == GPT.tiny().text.context


def test_a_transformer_goes_on_from_the_newer_half_of_a_full_context() -> None:
    model = aigc_tf.create(RECIPES["gpt learned"], vocabulary=vocabulary())
    inputs = tokens(1, 17)
    reader = Reader(model.networks, 1)
    reader.read(inputs[:, :16])
    np.testing.assert_allclose(reader.read(inputs[:, 16:]), all_logits(model, inputs[:, 9:])[:, -1], atol=1e-5)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_a_transformer_reads_and_writes_lines_of_the_longest_kind(positions: str) -> None:
    """They follow a boundary token, which also takes a position of the context."""
    lines = ["abcdefghabcdefgh", "hgfedcbahgfedcba", "badcfehgbadcfehg"] * 20
    recipe = dataclasses.replace(GPT.tiny(), positions=positions, text=TextSettings(lines=True, length=16))
    source = open_source(recipe, lines)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    batch = next(iter(source.batches(4, 0)))
    tokens = batch["tokens"].numpy()
    assert tokens.shape == (4, 18)
    assert all(np.isfinite(model.train_step(batch)["loss"]) for _ in range(2))
    expected = all_logits(model, tokens[:, :-1])
    reader = Reader(model.networks, 4)
    found = np.stack([reader.read(tokens[:, [time]]) for time in range(17)], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert model.longest == 17 and len(model.surprise(lines[0])[1]) == 16


def test_the_loss_is_the_mean_over_real_symbols(model: LanguageModel) -> None:
    rows = tokens(4, 17)
    rows[1, 6:] = rows[3, 2:] = PADDING
    nats, counted, _ = model.nats(tf.constant(rows), None, training=False)
    assert float(keras.ops.sum(counted)) == 16 + 5 + 16 + 1
    logits = all_logits(model, np.maximum(rows[:, :-1], 0))
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = [
        -log_p[row, time, rows[row, time + 1]] for row in range(4) for time in range(16) if rows[row, time + 1] >= 0
    ]
    loss = model.test_step({"tokens": tf.constant(rows), "continues": tf.constant(False)})["loss"]
    np.testing.assert_allclose(float(loss), np.mean(expected), rtol=1e-5)
    np.testing.assert_allclose(nats.numpy()[counted.numpy() > 0], expected, rtol=1e-4, atol=1e-5)


def test_padding_gives_no_gradient() -> None:
    model = aigc_tf.create(RECIPES["lstm"], vocabulary=vocabulary())
    rows = tokens(4, 17)
    rows[:, 9:] = PADDING
    longer = np.pad(rows, ((0, 0), (0, 5)), constant_values=PADDING)

    def gradient(batch: np.ndarray) -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            nats, counted, _ = model.nats(tf.constant(batch), None, training=True)
            loss = keras.ops.sum(nats) / keras.ops.sum(counted)
        return [tf.convert_to_tensor(value).numpy() for value in tape.gradient(loss, model.learning)]

    for short, long in zip(gradient(rows), gradient(longer), strict=True):
        np.testing.assert_allclose(short, long, atol=1e-6)


def test_a_recurrent_network_carries_its_state_from_batch_to_batch() -> None:
    """Two steps of 16 tokens equal one of 32, without an optimizer update in between."""
    recipe = dataclasses.replace(
        RECIPES["gru"], optimizer=dataclasses.replace(RECIPES["gru"].optimizer, learning_rate=1e-30)
    )
    whole = tokens(4, 33)
    model = aigc_tf.create(recipe, vocabulary=vocabulary())
    expected = float(model.test_step({"tokens": tf.constant(whole), "continues": tf.constant(False)})["loss"])
    first = model.train_step({"tokens": tf.constant(whole[:, :17]), "continues": tf.constant(False)})["loss"]
    second = model.train_step({"tokens": tf.constant(whole[:, 16:]), "continues": tf.constant(True)})["loss"]
    np.testing.assert_allclose((float(first) + float(second)) / 2, expected, rtol=1e-5)
    again = model.train_step({"tokens": tf.constant(whole[:, 16:]), "continues": tf.constant(False)})["loss"]
    assert abs(float(again) - float(second)) > 1e-6  # a new text resets the state


def test_dropout_is_on_in_training_only() -> None:
    recipe = dataclasses.replace(RECIPES["lstm"], dropout=0.5)
    model = aigc_tf.create(recipe, vocabulary=vocabulary())
    rows = tf.constant(tokens(4, 17))
    calm = [float(keras.ops.sum(model.nats(rows, None, training=False)[0])) for _ in range(2)]
    dropped = [float(keras.ops.sum(model.nats(rows, None, training=True)[0])) for _ in range(2)]
    assert calm[0] == calm[1] and dropped[0] != dropped[1]


def test_only_matrices_decay() -> None:
    weights = aigc_tf.create(GPT.tiny(), vocabulary=vocabulary()).learning
    before = [weight.numpy() for weight in weights]
    settings = dataclasses.replace(GPT.tiny().optimizer, learning_rate=0.1)
    adam(settings, weights, weight_decay=0.5).apply([tf.zeros(w.shape) for w in weights], weights)
    for weight, old in zip(weights, before, strict=True):
        factor = 0.95 if len(weight.shape) >= 2 else 1.0
        np.testing.assert_allclose(weight.numpy(), factor * old, rtol=1e-5, err_msg=weight.path)


def test_the_learning_rate_rises_and_falls() -> None:
    recipe = dataclasses.replace(
        CharRNN.tiny(),
        steps=100,
        schedule=dataclasses.replace(CharRNN.tiny().schedule, warmup_steps=10, final_share=0.1),
    )
    model = aigc_tf.create(recipe, vocabulary=vocabulary())
    rate = []
    for step in range(101):
        model.adam.iterations.assign(step)
        rate.append(float(model.adam.learning_rate) / recipe.optimizer.learning_rate)
    np.testing.assert_allclose(rate[:11], np.arange(11) / 10, atol=1e-6)
    expected = 0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(91) / 90)) / 2
    np.testing.assert_allclose(rate[10:], expected, atol=1e-5)
    assert "steps" not in recipe.changeable()


def test_a_language_that_can_be_foreseen_is_learnt() -> None:
    """Each symbol has two possible successors: the entropy is one bit per symbol."""
    random = np.random.default_rng(0)
    text, at = [], 0
    for _ in range(20_000):
        at = (2 * at + int(random.integers(2))) % 8
        text.append(ALPHABET[at])
    recipe = dataclasses.replace(
        GPT.tiny(), steps=300, batch_size=16, optimizer=dataclasses.replace(GPT.tiny().optimizer, learning_rate=5e-3)
    )
    source = open_source(recipe, "".join(text))
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    model.fit(source.batches(16, 0), epochs=1, steps_per_epoch=300, shuffle=False, verbose=0)
    assert 0.97 < BitsPerCharacter().value(model, source, recipe, 100, "test") < 1.1


def test_texts_are_the_same_for_the_same_seed_and_for_more_of_them(model: LanguageModel) -> None:
    few, more = model.generate(2, seed=3, tokens=30), model.generate(5, seed=3, tokens=30)
    assert more[:2] == few and len(set(more)) == 5
    assert model.generate(2, seed=4, tokens=30) != few


def test_each_text_has_its_own_random_numbers_beyond_a_batch(model: LanguageModel) -> None:
    texts = model.generate(GENERATION_ROWS + 3, seed=0, tokens=12)
    assert len(set(texts)) > GENERATION_ROWS
    assert texts[GENERATION_ROWS:] != model.generate(3, seed=GENERATION_ROWS, tokens=12)


def test_a_prompt_begins_the_text_and_decides_what_comes(model: LanguageModel) -> None:
    greedy = Decoding(temperature=0)
    (text,) = model.generate(1, prompt="abc", tokens=10, decoding=greedy)
    assert text.startswith("abc") and len(text) == 13
    inputs = model.tokens_of_prompt("abc")
    logits = all_logits(model, inputs[None])[0, -1]
    logits[list(model.vocabulary.never_written)] = -math.inf
    assert text[3] == model.vocabulary.symbols[int(logits.argmax())]


def test_a_prompt_with_strange_symbols_is_refused(model: LanguageModel) -> None:
    with pytest.raises(InputError, match=r"the prompt has 'z', 'é', which the training text does not contain"):
        model.generate(1, prompt="azébz")


def test_nothing_unknown_is_written_and_texts_end() -> None:
    model = aigc_tf.create(RECIPES["lstm"], vocabulary=vocabulary(with_ends=True))
    texts = model.generate(30, tokens=60)
    assert "\ufffd" not in "".join(texts)
    lengths = set(map(len, texts))
    assert len(lengths) > 5 and max(lengths) <= 60  # an untrained model ends texts at random


def test_beam_search_writes_text_at_least_as_likely_as_greedy(model: LanguageModel) -> None:
    def log_probability(text: str) -> float:
        _, nats = model.surprise(text)
        return -float(nats.sum())

    (greedy,) = model.generate(1, tokens=6, decoding=Decoding(temperature=0))
    (found,) = model.generate(1, tokens=6, decoding=Decoding(beams=20))
    assert len(found) == 6 and log_probability(found) >= log_probability(greedy) - 1e-4


def test_surprise_is_the_loss_symbol_by_symbol(model: LanguageModel) -> None:
    pieces, nats = model.surprise("abc abc")
    assert pieces == list("abc abc") and nats.shape == (7,)
    inputs = model.tokens_of_prompt("abc abc")
    loss = model.test_step({"tokens": tf.constant(inputs[None]), "continues": tf.constant(False)})["loss"]
    np.testing.assert_allclose(nats.mean(), float(loss), rtol=1e-5)


def test_attention_weights_look_back_and_add_up() -> None:
    model = aigc_tf.create(RECIPES["gpt rotary"], vocabulary=vocabulary())
    weights = model.attention("abcdef g")
    assert len(weights) == 2
    for block in weights:
        assert block.shape == (2, 8, 8)
        np.testing.assert_allclose(block.sum(axis=-1), 1, rtol=1e-5)
        assert np.abs(block[:, *np.triu_indices(8, 1)]).max() == 0
    assert aigc_tf.create(RECIPES["gru"], vocabulary=vocabulary()).attention("abc") == []
    with pytest.raises(InputError, match="the text has 17 tokens, and the context holds 16"):
        model.attention("a" * 17)


def test_rotary_attention_knows_distances_alone() -> None:
    """Scores depend on relative positions: the first layer is invariant to shifts of the text."""
    from aigc_tf.nn.embeddings import rotary_angles, rotate

    cosines, sines = rotary_angles(32, 8)
    queries, keys = np.random.default_rng(0).normal(size=(2, 8)).astype("float32")

    def score(query_place: int, key_place: int) -> float:
        turned = [
            rotate(x[None], cosines[[place]], sines[[place]])
            for x, place in ((queries, query_place), (keys, key_place))
        ]
        return float(keras.ops.sum(turned[0] * turned[1]))

    assert score(5, 2) == pytest.approx(score(25, 22), abs=1e-5)
    assert score(5, 2) != pytest.approx(score(5, 3), abs=1e-3)
    assert score(0, 0) == pytest.approx(float(queries @ keys), abs=1e-5)


def test_a_vocabulary_is_needed() -> None:
    with pytest.raises(ValueError, match="CharRNN needs these assets of its source: vocabulary"):
        aigc_tf.create(CharRNN.tiny())
