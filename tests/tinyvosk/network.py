"""The network as Kaldi's nnet3 has it: five affine layers over their neighbours in time, and the outputs.

Normalisation is folded into the layers: that of the input into the first, that after each layer into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.tinyvosk.features import COEFFICIENTS
from tests.tinyvosk.kaldi import KaldiWriter
from tests.tinyvosk.phones import LAST_ID, output_of

WEIGHTS = Path(__file__).with_name("weights.npz")

Weights = Mapping[str, npt.NDArray[np.float64]]
Array = npt.NDArray[np.float64]

LAYERS = ((5, 1), (3, 1), (3, 3), (3, 3), (3, 3))
"""Of each layer: how many frames it looks at, and how far apart they are, in frames of 10 ms."""

CONTEXT = 12
"""Frames on either side that an output depends on."""

_EPSILON = 1e-5
"""Of PyTorch's BatchNorm1d."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How the outputs become scores: ``prior_power`` divides by the phones' priors so far raised, ``garbage_cost`` is
    taken off the garbage's score, which is else that of any speech."""

    prior_power: float = 0.5
    garbage_cost: float = 5.5


@dataclass(frozen=True, slots=True)
class Affine:
    """One layer: ``name``, its inputs as offsets in frames, its matrix and its bias."""

    name: str
    offsets: tuple[int, ...]
    matrix: Array
    bias: Array


def read_weights(path: Path) -> Weights:
    """The trained weights, by PyTorch's names, and the phones' ``priors``."""
    with np.load(path) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def folded(weights: Weights, scoring: Scoring) -> list[Affine]:
    """The layers, the last of which gives the scores."""
    layers: list[Affine] = []
    scale, shift = weights["istd"], -weights["mean"] * weights["istd"]
    for index, (width, gap) in enumerate(LAYERS):
        matrix, bias = weights[f"conv.{index}.weight"], weights[f"conv.{index}.bias"]
        bias = bias + np.einsum("oik,i->o", matrix, shift)
        scaled = (matrix * scale[None, :, None]).transpose(0, 2, 1).reshape(len(matrix), -1)
        offsets = tuple((place - width // 2) * gap for place in range(width))
        layers.append(Affine(f"a{index}", offsets, scaled, bias))
        spread = np.sqrt(weights[f"bn.{index}.running_var"] + _EPSILON)
        scale = weights[f"bn.{index}.weight"] / spread
        shift = weights[f"bn.{index}.bias"] - weights[f"bn.{index}.running_mean"] * scale
    matrix, bias = weights["out.weight"][:, :, 0], weights["out.bias"]
    priors = weights["priors"] ** scoring.prior_power
    taken_off = np.concatenate([np.log(priors), [scoring.garbage_cost]])
    layers.append(Affine("out", (0,), matrix * scale[None], bias + matrix @ shift - taken_off))
    return layers


def acoustic_model(weights: Weights, scoring: Scoring) -> bytes:
    """``am/final.mdl``: how phones follow each other, and the network."""
    writer = KaldiWriter()
    _write_transitions(writer)
    layers = folded(weights, scoring)
    writer.tokens("<Nnet3>").text("\n" + _configuration(layers) + "\n\n")
    writer.tokens("<NumComponents>").integers(2 * len(layers) - 1)
    for layer in layers:
        _write_affine(writer, layer)
        if layer is not layers[-1]:
            _write_rectifier(writer, layer)
    writer.tokens("</Nnet3>", "<LeftContext>").integers(CONTEXT).tokens("<RightContext>").integers(CONTEXT)
    return bytes(writer.tokens("<Priors>").vector([]).data)


def _write_transitions(writer: KaldiWriter) -> None:
    """One state for each phone, which is stayed in or left with the same chance."""
    phones = range(1, LAST_ID + 1)
    writer.tokens("<TransitionModel>", "<Topology>")
    writer.integer_vector(phones).integer_vector([-1, *(0 for _ in phones)])
    entries, states, its_class, transitions = 1, 2, 0, 2
    writer.integers(entries, states, its_class, transitions)
    for target in (0, 1):
        writer.integers(target).real(0.5)
    final, no_transitions = -1, 0
    writer.integers(final, no_transitions).tokens("</Topology>", "<Triples>").integers(LAST_ID)
    for phone in phones:
        writer.integers(phone, 0, output_of(phone))
    writer.tokens("</Triples>", "<LogProbs>").vector([0.0, *(log(0.5) for _ in range(2 * LAST_ID))])
    writer.tokens("</LogProbs>", "</TransitionModel>")


def _configuration(layers: list[Affine]) -> str:
    lines = [f"input-node name=input dim={COEFFICIENTS}"]
    source = "input"
    for index, layer in enumerate(layers[:-1]):
        parts = [source if offset == 0 else f"Offset({source}, {offset})" for offset in layer.offsets]
        lines.append(f"component-node name={layer.name} component={layer.name} input=Append({', '.join(parts)})")
        source = f"r{index}"
        lines.append(f"component-node name={source} component={source} input={layer.name}")
    lines.append(f"component-node name=out component=out input={source}")
    lines.append("output-node name=output input=out objective=linear")
    return "\n".join(lines)


def _write_affine(writer: KaldiWriter, layer: Affine) -> None:
    writer.tokens("<ComponentName>", layer.name, "<AffineComponent>", "<LearningRate>").real(0.001)
    writer.tokens("<LinearParams>").matrix(layer.matrix).tokens("<BiasParams>").vector(layer.bias)
    writer.tokens("</AffineComponent>")


def _write_rectifier(writer: KaldiWriter, after: Affine) -> None:
    writer.tokens("<ComponentName>", after.name.replace("a", "r"), "<RectifiedLinearComponent>", "<Dim>")
    writer.integers(len(after.bias)).tokens("<ValueAvg>").vector([]).tokens("<DerivAvg>").vector([])
    writer.tokens("<Count>").real(0).tokens("</RectifiedLinearComponent>")
