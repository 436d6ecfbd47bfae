"""The network: embeddings, convolutions, attention, pooling, one head for each task.

Every product is written ``x @ W`` with ``W`` as [in, out]: an ONNX export keeps the parameters'
names and shapes, so that the weights can be read back from the shipped file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

VADER_FEATURES = 4
VALENCE = "valence"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is made of.

    Args:
        vocabulary: Pieces of the tokenizer.
        width: Numbers for each piece.
        blocks: Convolutions of three pieces, each added to what it reads.
        attention: Layers of self-attention after them.
        heads: Heads of each attention layer.
        filters: Outputs of each pooled convolution.
        spans: How many pieces the pooled convolutions read.
        hidden: Numbers between the pooled ones and the heads.
        dropout: Share of numbers dropped in training, inside.
        embedding_dropout: The same for the embeddings.
        final_dropout: The same before and after the hidden layer.
    """

    vocabulary: int
    width: int = 192
    blocks: int = 0
    attention: int = 0
    heads: int = 4
    filters: int = 192
    spans: tuple[int, ...] = (1, 2, 3, 4)
    hidden: int = 192
    dropout: float = 0.1
    embedding_dropout: float = 0.3
    final_dropout: float = 0.4


def _matrix(rows: int, columns: int, gain: float = 1.0) -> nn.Parameter:
    """A matrix that keeps the variance of what it multiplies."""
    return nn.Parameter(torch.randn(rows, columns) * gain / math.sqrt(rows))


def _shifted(x: Tensor, span: int) -> Tensor:
    """Each piece beside its neighbours: [batch, tokens, width] to [batch, tokens, span * width]."""
    if span == 1:
        return x
    left = (span - 1) // 2
    padded = functional.pad(x, (0, 0, left, span - 1 - left))
    tokens = x.shape[1]
    return torch.cat([padded[:, i : i + tokens] for i in range(span)], dim=-1)


class Convolution(nn.Module):
    """A convolution over neighbouring pieces as one product."""

    def __init__(self, span: int, width: int, filters: int) -> None:
        super().__init__()
        self.span = span
        self.weight = _matrix(span * width, filters)
        self.bias = nn.Parameter(torch.zeros(filters))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, tokens, width] to [batch, tokens, filters]."""
        return _shifted(x, self.span) @ self.weight + self.bias


class Peaks(Convolution):
    """A convolution of which only the largest output of each filter over the text is kept."""

    def forward(self, x: Tensor, gap: Tensor) -> Tensor:  # type: ignore[override]
        """[batch, tokens, width] to [batch, filters]; ``gap`` hides padding.

        The bias is added behind the maximum: the same result, and the large product stays in the
        short type that it was computed in.
        """
        made = _shifted(x, self.span) @ self.weight
        made = made + gap.to(made.dtype)
        # Both are the maximum; the backward pass of one is quick, the other exports as one node.
        largest = made.max(dim=1).values if self.training else made.amax(dim=1)
        return functional.relu(largest + self.bias)


class Block(nn.Module):
    """A convolution of three pieces, added to its input."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.convolution = Convolution(3, shape.width, 2 * shape.width)
        self.out = _matrix(shape.width, shape.width, 0.5)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        """``kept`` is 1 for pieces and 0 for padding, [batch, tokens, 1]."""
        inner = functional.glu(self.convolution(self.norm(x) * kept), dim=-1)
        mixed: Tensor = x + self.drop(inner @ self.out)
        return mixed


class Attention(nn.Module):
    """Self-attention with a learned preference for near pieces, and a feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        width = shape.width
        self.norm = nn.LayerNorm(width)
        self.into = _matrix(width, 3 * width)
        self.out = _matrix(width, width, 0.5)
        self.slope = nn.Parameter(torch.linspace(-4.0, 0.0, shape.heads))
        self.norm2 = nn.LayerNorm(width)
        self.up = _matrix(width, 3 * width)
        self.up_bias = nn.Parameter(torch.zeros(3 * width))
        self.down = _matrix(3 * width, width, 0.5)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        """[batch, tokens, width] to the same."""
        x = self._looked(x, kept)
        inner = functional.gelu(self.norm2(x) @ self.up + self.up_bias)
        found: Tensor = x + self.drop(inner @ self.down)
        return found

    def _looked(self, x: Tensor, kept: Tensor) -> Tensor:
        """Each piece with what it takes from the others."""
        batch, tokens, width = x.shape
        size = width // self.heads
        parts = (self.norm(x) @ self.into).reshape(batch, tokens, 3, self.heads, size)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        places = torch.arange(tokens, device=x.device, dtype=torch.float32)
        distance = (places[:, None] - places[None, :]).abs()
        bias = -self.slope.exp()[:, None, None] * distance
        logits = query @ key.transpose(-1, -2) / math.sqrt(size) + bias
        logits = logits + (1.0 - kept.reshape(batch, 1, 1, tokens)) * -1e4
        mixed = logits.softmax(-1).to(value.dtype) @ value
        taken = mixed.transpose(1, 2).reshape(batch, tokens, width)
        found: Tensor = x + self.drop(taken @ self.out)
        return found


class Network(nn.Module):
    """Texts to logits of every task.

    Args:
        shape: What it is made of.
        tasks: Classes of each task, sentiment first.
    """

    def __init__(self, shape: Shape, tasks: Mapping[str, int]) -> None:
        super().__init__()
        self.shape = shape
        self.tasks = dict(tasks)
        self.embedding = nn.Parameter(torch.randn(shape.vocabulary, shape.width) * 0.1)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.attention = nn.ModuleList(Attention(shape) for _ in range(shape.attention))
        self.pooled = nn.ModuleList(Peaks(span, shape.width, shape.filters) for span in shape.spans)
        self.look = _matrix(shape.width, 4)
        pooled = shape.filters * len(shape.spans) + 4 * shape.width
        self.hidden = _matrix(pooled, shape.hidden)
        self.hidden_vader = _matrix(VADER_FEATURES, shape.hidden)
        self.hidden_bias = nn.Parameter(torch.zeros(shape.hidden))
        self.heads = nn.ParameterDict(
            {task: _matrix(shape.hidden, classes, 0.5) for task, classes in tasks.items()}
        )
        self.biases = nn.ParameterDict(
            {task: nn.Parameter(torch.zeros(classes)) for task, classes in tasks.items()}
        )
        self.embedding_drop = nn.Dropout(shape.embedding_dropout)
        self.final_drop = nn.Dropout(shape.final_dropout)

    def features(self, input_ids: Tensor, attention_mask: Tensor, vader: Tensor) -> Tensor:
        """[batch, tokens] ids and mask and [batch, 4] VADER features to [batch, hidden]."""
        kept = attention_mask.unsqueeze(-1).to(torch.float32)
        x = self.embedding_drop(functional.embedding(input_ids, self.embedding)) * kept
        for block in self.blocks:
            x = block(x, kept)
        for layer in self.attention:
            x = layer(x, kept)
        x = x * kept
        gap = ((1.0 - kept) * -1e4).to(x.dtype)
        peaks = [part(x, gap) for part in self.pooled]
        looks = ((x @ self.look) + gap).to(torch.float32).softmax(dim=1)
        seen = (looks.transpose(1, 2).to(x.dtype) @ x).flatten(1)
        joined = self.final_drop(torch.cat([*peaks, seen], dim=-1))
        hidden = joined @ self.hidden + vader @ self.hidden_vader + self.hidden_bias
        dropped: Tensor = self.final_drop(functional.gelu(hidden))
        return dropped

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, vader: Tensor, task: str = "sentiment"
    ) -> Tensor:
        """The logits of one task, [batch, classes]."""
        return self.head(self.features(input_ids, attention_mask, vader), task)

    def head(self, features: Tensor, task: str) -> Tensor:
        """[batch, hidden] to the logits of a task."""
        logits: Tensor = features @ self.heads[task] + self.biases[task]
        return logits

    def keep_only(self, task: str) -> None:
        """Forget the heads of all other tasks."""
        for parts in (self.heads, self.biases):
            for name in [name for name in parts if name != task]:
                del parts[name]


class Ensemble(nn.Module):
    """Several networks that read the same pieces; their logits' mean is the answer.

    Args:
        members: With the same vocabulary.
    """

    def __init__(self, members: Sequence[Network]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def networks(self) -> list[Network]:
        """The members."""
        return [member for member in self.members if isinstance(member, Network)]

    def forward(self, input_ids: Tensor, attention_mask: Tensor, vader: Tensor) -> Tensor:
        """The logits of sentiment, [batch, 3]."""
        found = [member(input_ids, attention_mask, vader) for member in self.members]
        mean: Tensor = torch.stack(found).mean(dim=0)
        return mean
