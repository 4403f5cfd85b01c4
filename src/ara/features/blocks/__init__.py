"""What `ara.features.build` makes and works with: blocks of numbers, prepared inputs, panels side by side."""

from ara.features.blocks.block import Block

__all__ = ["Block"]
