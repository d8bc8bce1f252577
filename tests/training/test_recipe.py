from importlib import resources
from pathlib import Path

import pytest

from extractor.errors import SettingsError
from extractor.training.recipe import load_recipe

SHIPPED = Path(str(resources.files("extractor.training"))) / "recipes" / "two-cores.yaml"


def test_the_shipped_recipe_is_valid():
    recipe = load_recipe(SHIPPED)
    assert recipe.head.schedule().lines == recipe.head.lines
    assert sum(recipe.mixture.values()) == pytest.approx(1.0)
    assert recipe.fine_tune.encoder_rate < recipe.fine_tune.rate


def test_wrong_entries_are_named(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text(SHIPPED.read_text("utf-8").replace("threads: 1", "threads: 0"), "utf-8")
    with pytest.raises(SettingsError, match="threads"):
        load_recipe(file)
    file.write_text("seed: [", "utf-8")
    with pytest.raises(SettingsError, match="YAML"):
        load_recipe(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")


def test_the_rate_rises_then_falls():
    schedule = load_recipe(SHIPPED).head.schedule()
    factors = [schedule.factor(done / 20) for done in range(21)]
    assert factors[0] < 0.1
    assert max(factors) == factors[1] == pytest.approx(1.0)
    assert factors[1:] == sorted(factors[1:], reverse=True)
    assert factors[-1] == pytest.approx(0.02)
