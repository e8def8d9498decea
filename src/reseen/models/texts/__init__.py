"""Texts as vectors beside images: CLIP's text encoder, and prompts that learn a few words for each identity."""

from reseen.models.texts.encoder import TextEncoder, text_encoder
from reseen.models.texts.prompts import Prompts, prompts_of
from reseen.models.texts.words import word_numbers

__all__ = ["Prompts", "TextEncoder", "prompts_of", "text_encoder", "word_numbers"]
