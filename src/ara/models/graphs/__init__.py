"""Graphs: fitted models as ONNX, made of plain arrays, run by onnxruntime alone."""

from ara.models.graphs.linear import Linear
from ara.models.graphs.parts import Inputs, Output, Parts, Regressor
from ara.models.graphs.trees import Trees

__all__ = ["Inputs", "Linear", "Output", "Parts", "Regressor", "Trees"]
