"""Trains the network: first on the voices that say when each sound ends, then twice on all, aligned by the last one.

It needs PyTorch, which nothing else does: ``pip install --group train``. An hour or less on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from tests.tinyvosk.alignment import Labels, found, told
from tests.tinyvosk.augment import augmented
from tests.tinyvosk.corpus import spoken, training
from tests.tinyvosk.features import COEFFICIENTS, HOP, mfcc
from tests.tinyvosk.network import CONTEXT, LAYERS
from tests.tinyvosk.pronunciation import PHONES, dictionary
from tests.tinyvosk.speakers import Utterance

WIDTH = 160
SEED = 7
_DROPPED = 0.1
_THIRDS = 3
"""Of frames one in so many is scored, as vosk does: training takes another third each time."""

_GARBAGE_SHARE = 0.03
_NOT_SEEN = 100
"""Added to the count of each phone, for those that are rare."""

Features = npt.NDArray[np.float32]
Parameters = dict[str, Any]
Report = Callable[[str], None]


def train(target: Path, flite_each: int, espeak: int, epochs: Sequence[int], report: Report) -> None:
    """Train on ``flite_each`` utterances for each voice of flite and ``espeak`` of espeak-ng, and write the weights.

    ``epochs``: of the three stages.
    """
    torch.manual_seed(SEED)
    np.random.seed(SEED)
    began = time.monotonic()

    def say(text: str) -> None:
        report(f"{time.monotonic() - began:6.0f} s  {text}")

    with ProcessPoolExecutor(2) as pool:
        utterances = spoken(training(SEED, flite_each, espeak))
        clean = list(pool.map(_clean, utterances, chunksize=32))
        say(f"{len(utterances)} utterances spoken")
        own = [(said, told(said.phones, len(clean[at]))) for at, said in enumerate(utterances) if said.phones]
        parameters, priors = _stage(pool, own, epochs[0], 2e-3, 48, say)
        for stage, count in enumerate(epochs[1:], 2):
            labels = _aligned(pool, parameters, priors, utterances, clean)
            pairs = [(said, each) for said, each in zip(utterances, labels, strict=True) if each is not None]
            say(f"stage {stage}: {len(pairs)} aligned")
            parameters, priors = _stage(pool, pairs, count, 3e-3, 32, say)
    weights = {name: value.detach().numpy() for name, value in parameters.items()}
    np.savez(target, **weights, priors=priors)


def _clean(utterance: Utterance) -> Features:
    return mfcc(utterance.samples)


def _stage(
    pool: ProcessPoolExecutor,
    pairs: Sequence[tuple[Utterance, Labels]],
    epochs: int,
    rate: float,
    batch: int,
    say: Report,
) -> tuple[Parameters, npt.NDArray[np.float64]]:
    """A new network, trained on the utterances in ever other conditions; and the phones' priors."""
    given, labels = _conditions(pool, pairs, 0)
    priors = _priors(labels)
    parameters = _new(given)
    trained = [value for value in parameters.values() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=1e-3)
    steps = epochs * (len(pairs) // batch) + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.15)
    for epoch in range(epochs):
        if epoch and epoch % 2 == 0:
            given, labels = _conditions(pool, pairs, epoch)
        order = np.argsort([len(each) for each in given])
        batches = [order[at : at + batch] for at in range(0, len(order) - batch + 1, batch)]
        np.random.shuffle(batches)
        losses = []
        for places in batches:
            loss = _loss(parameters, [given[at] for at in places], [labels[at] for at in places], priors)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 5.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        say(f"  epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}")
    return parameters, priors


def _conditions(
    pool: ProcessPoolExecutor, pairs: Sequence[tuple[Utterance, Labels]], epoch: int
) -> tuple[list[Features], list[Labels]]:
    """The features of the utterances in the conditions of ``epoch``, and the sound of each frame."""
    jobs = [(said.samples, epoch * len(pairs) + at) for at, (said, _) in enumerate(pairs)]
    features, labels = [], []
    for (_, clean), (made, before) in zip(pairs, pool.map(_heard, jobs, chunksize=32), strict=True):
        moved = np.zeros(len(made), np.int64)
        first = round(before / HOP)
        count = min(len(clean), len(made) - first)
        moved[first : first + count] = clean[:count]
        features.append(made)
        labels.append(moved)
    return features, labels


def _heard(job: tuple[npt.NDArray[np.int16], int]) -> tuple[Features, int]:
    samples, seed = job
    line, before = augmented(samples, np.random.default_rng(seed))
    return mfcc(line), before


def _priors(labels: Sequence[Labels]) -> npt.NDArray[np.float64]:
    counts = np.bincount(np.concatenate(list(labels)), minlength=len(PHONES)) + float(_NOT_SEEN)
    return np.asarray(counts / counts.sum(), np.float64)


def _new(given: Sequence[Features]) -> Parameters:
    """The parameters of a network, by the names under which they are kept."""
    every = np.concatenate(list(given))
    parameters: Parameters = {
        "mean": torch.tensor(every.mean(0)),
        "istd": torch.tensor(1 / every.std(0)),
    }
    shapes = {f"conv.{at}": (WIDTH, WIDTH if at else COEFFICIENTS, width) for at, (width, _) in enumerate(LAYERS)}
    shapes["out"] = (len(PHONES) + 1, WIDTH, 1)
    for name, shape in shapes.items():
        bound = (shape[1] * shape[2]) ** -0.5
        parameters[f"{name}.weight"] = torch.empty(shape).uniform_(-bound, bound).requires_grad_()
        parameters[f"{name}.bias"] = torch.empty(shape[0]).uniform_(-bound, bound).requires_grad_()
    for at in range(len(LAYERS)):
        parameters[f"bn.{at}.weight"] = torch.ones(WIDTH, requires_grad=True)
        parameters[f"bn.{at}.bias"] = torch.zeros(WIDTH, requires_grad=True)
        parameters[f"bn.{at}.running_mean"] = torch.zeros(WIDTH)
        parameters[f"bn.{at}.running_var"] = torch.ones(WIDTH)
    return parameters


def _scores(parameters: Mapping[str, Any], given: Any, third: int | None) -> Any:
    """The outputs for ``given``, which has its context around it.

    In training those of every third frame, from ``third`` on; with None of every frame, as the trained network.
    """
    data = ((given - parameters["mean"]) * parameters["istd"]).transpose(1, 2)
    is_training = third is not None
    for at, (_, gap) in enumerate(LAYERS):
        weight, bias = parameters[f"conv.{at}.weight"], parameters[f"conv.{at}.bias"]
        if third is not None and at == 1:
            data = functional.conv1d(data[:, :, third:], weight, bias, stride=_THIRDS)
        else:
            data = functional.conv1d(data, weight, bias, dilation=1 if is_training else gap)
        mean, spread = parameters[f"bn.{at}.running_mean"], parameters[f"bn.{at}.running_var"]
        scale, shift = parameters[f"bn.{at}.weight"], parameters[f"bn.{at}.bias"]
        data = functional.batch_norm(functional.relu(data), mean, spread, scale, shift, training=is_training)
        data = functional.dropout(data, _DROPPED, training=is_training)
    return functional.conv1d(data, parameters["out.weight"], parameters["out.bias"]).transpose(1, 2)


def _loss(
    parameters: Parameters, given: Sequence[Features], labels: Sequence[Labels], priors: npt.NDArray[np.float64]
) -> Any:
    """Cross entropy of the phones; and the garbage's score is taught to be that of any speech."""
    longest = max(map(len, given))
    padded = np.stack([_in_context(np.pad(each, ((0, longest - len(each)), (0, 0)), "edge")) for each in given])
    wanted = np.full((len(given), longest), -1, np.int64)
    for row, each in enumerate(labels):
        wanted[row, : len(each)] = each
    third = int(np.random.randint(_THIRDS))
    outputs = _scores(parameters, torch.from_numpy(padded), third)
    phones, garbage = outputs[..., :-1], outputs[..., -1]
    right = torch.from_numpy(np.ascontiguousarray(wanted[:, third::_THIRDS]))[:, : outputs.shape[1]]
    log_priors = torch.tensor(np.log(priors), dtype=torch.float32)
    with torch.no_grad():
        speech = torch.logsumexp((phones - log_priors)[..., 1:], -1)
    entropy = functional.cross_entropy(phones.reshape(-1, len(PHONES)), right.reshape(-1), ignore_index=-1)
    return _GARBAGE_SHARE * functional.smooth_l1_loss(garbage, speech) + entropy


def _in_context(features: Features) -> Features:
    return np.pad(features, ((CONTEXT, CONTEXT), (0, 0)), "edge")


def _aligned(
    pool: ProcessPoolExecutor,
    parameters: Parameters,
    priors: npt.NDArray[np.float64],
    utterances: Sequence[Utterance],
    clean: Sequence[Features],
) -> list[Labels | None]:
    """The sounds of each utterance as the network hears them; None where it cannot be."""
    jobs = []
    for said, features in zip(utterances, clean, strict=True):
        with torch.no_grad():
            outputs = _scores(parameters, torch.from_numpy(_in_context(features))[None], None)[0, :, : len(PHONES)]
            scores = functional.log_softmax(outputs, -1).numpy() - np.log(priors)
        jobs.append((scores.astype(np.float32), said.text))
    return list(pool.map(_align, jobs, chunksize=16))


def _align(job: tuple[npt.NDArray[np.float32], str]) -> Labels | None:
    scores, text = job
    return found(scores, text, dictionary())
