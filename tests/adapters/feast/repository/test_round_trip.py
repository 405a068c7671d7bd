"""What a catalog says survives the way to Feast's messages and back."""

from pathlib import Path

from feast.protos.feast.core.Entity_pb2 import Entity
from feast.protos.feast.core.FeatureView_pb2 import FeatureView
from hypothesis import given

from foreset.adapters.feast.repository.from_proto import Places, entity_seen, view_seen
from foreset.adapters.feast.repository.to_feast import feast_entities, feast_view
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.feast.mapping import entities_of, entity_specs, view_spec
from tests.adapters.feast.catalogs import catalogs

PLACES = Places(Path("/repo"), lambda place: place)


def read_back(catalog: Catalog) -> tuple[dict[str, EntitySpec], dict[str, FeatureViewSpec]]:
    """The specs that are read from the bytes of what is published."""
    written = [entity.to_proto().SerializeToString() for entity in feast_entities(catalog).unwrap()]
    entities = entity_specs(entity_seen(Entity.FromString(content)) for content in written)
    known = {name: spec.unwrap() for name, spec in entities.items()}
    views: dict[str, FeatureViewSpec] = {}
    for view in catalog.views.values():
        message = feast_view(view, catalog, view.spec.source.table).unwrap().to_proto()
        seen = view_seen(FeatureView.FromString(message.SerializeToString()), PLACES)
        views[seen.name] = view_spec(seen, entities_of(seen, known.get).unwrap(), view.columns).unwrap()
    return {spec.name: spec for spec in known.values()}, views


@given(catalogs())
def test_entities_and_views_are_read_back_as_they_were_published(catalog: Catalog) -> None:
    entities, views = read_back(catalog)
    assert entities == {name: entity.spec for name, entity in catalog.entities.items()}
    assert views == {name: view.spec for name, view in catalog.views.items()}
