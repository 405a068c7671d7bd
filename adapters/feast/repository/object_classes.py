"""The classes of Feast's objects that calls take."""

from collections.abc import Mapping
from typing import Final

from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import FileFormat
from feast.types import ComplexFeastType, PrimitiveFeastType

CLASSES: Final[Mapping[str, tuple[type, ...]]] = {
    "entity": (Entity,),
    "feature view": (FeatureView,),
    "field": (Field,),
    "file format": (FileFormat,),
    "file source": (FileSource,),
    "type": (PrimitiveFeastType, ComplexFeastType),
}
"""By what they are."""
