"""Networks: families that read windows of features, trained with PyTorch and served without it."""

from ara.models.networks.family import SIZES, BiLstm, CnnLstm, Gru, Network, SeqToSeq, Transformer

__all__ = ["SIZES", "BiLstm", "CnnLstm", "Gru", "Network", "SeqToSeq", "Transformer"]
