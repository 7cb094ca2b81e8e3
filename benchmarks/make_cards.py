"""Write the cards of the shipped models from the score files in benchmarks/results and the model files themselves.

python benchmarks/make_cards.py
"""

import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "src" / "karyogram" / "weights"

TSENG = {
    "name": "tseng2023",
    "source": "Tseng et al., An Open Dataset of Annotated Metaphase Cell Images for Chromosome Identification, "
    "Scientific Data 10:104 (2023), doi 10.1038/s41597-023-02003-7",
    "terms": "open data, to be cited",
}
CIRNET = {
    "name": "cirnet",
    "source": "Lin et al., CIR-Net: Automatic Classification of Human Chromosome based on Inception-ResNet Architecture, "
    "IEEE/ACM TCBB (2020)",
    "terms": "repository licence MIT; its README asks for research and non-commercial use and citation",
}
NOT_FOR = "Decision support for research and development. Not a diagnosis, not a medical device."

CARDS: dict[str, dict[str, Any]] = {
    "gband": {
        "kind": "classifier",
        "summary": "single G-banded chromosomes: class, which end is up, one whole chromosome or not; trained on tseng2023",
        "data": [TSENG],
        "licence": "MIT (weights); the training pictures are not included",
        "split": "benchmarks/splits/tseng2023.csv, by case; the part test was never trained on nor used to choose",
        "scores": ["gband-tseng2023-otsu", "gband-tseng2023-all", "gband-cirnet"],
        "intended_use": f"Chromosomes cut from G-banded metaphases near 700 x 700 pixels. {NOT_FOR}",
        "known_failures": [
            "chromosomes whose mask holds a piece of another",
            "strongly bent chromosomes: nothing is straightened before classification",
            "other stains and species",
            "which end is up was learned from band tables, not from pictures with known orientation",
        ],
    },
    "gband-segment": {
        "kind": "segmenter",
        "summary": "G-banded metaphases: one mask a chromosome, masks may overlap; trained on tseng2023",
        "data": [TSENG],
        "licence": "MIT (weights); the training pictures are not included",
        "split": "benchmarks/splits/tseng2023.csv, by case; the part test was never trained on nor used to choose",
        "scores": ["held-out-all", "difficult"],
        "intended_use": f"G-banded metaphases near 700 x 700 pixels, brought to one size by their stained area. {NOT_FOR}",
        "known_failures": [
            "clusters of many chromosomes that lie across each other",
            "other stains and species: learned from G-bands only",
            "a mask under a crossing was learned from pasted chromosomes; real crossings have boxes, no masks",
        ],
    },
    "gband-outline": {
        "kind": "outliner",
        "summary": "chromosomes that touch or cross: their masks drawn anew pixel by pixel, those of all others known",
        "data": [TSENG],
        "licence": "MIT (weights); the training pictures are not included",
        "split": "benchmarks/splits/tseng2023.csv, by case; the part test was never trained on nor used to choose",
        "scores": ["traces", "composites"],
        "intended_use": f"Masks of a detector, in G-banded metaphases brought to one size by their stained area. {NOT_FOR}",
        "known_failures": [
            "a mask that holds most of another chromosome: it is mended, not replaced",
            "other stains and species: learned from G-bands only",
            "real crossings: what lies under one was learned from chromosomes laid across by the program",
        ],
    },
    "gband-cirnet": {
        "kind": "classifier",
        "summary": "single low-resolution G-banded chromosomes in the manner of CIR-Net; gband tuned with cirnet",
        "data": [TSENG, CIRNET],
        "licence": "MIT (weights), but trained with pictures whose source asks for research and non-commercial use",
        "split": "benchmarks/splits/cirnet.csv and tseng2023.csv, by case; the parts test were never trained on",
        "scores": ["gband-cirnet-cirnet", "gband-cirnet-tseng2023-otsu"],
        "intended_use": f"Upright cut-outs about 24 x 50 pixels large. {NOT_FOR}",
        "known_failures": ["metaphases: use gband", "what is one whole chromosome: learned before the tuning, on metaphases"],
    },
}


def make_card(name: str) -> dict[str, Any]:
    """Return the card of a shipped model as it should be: what is said above, the scores as measured, the file's SHA-256."""
    card = CARDS[name]
    scores = {result: json.loads((HERE / "results" / f"{result}.json").read_text("utf-8")) for result in card["scores"]}
    digest = hashlib.sha256((WEIGHTS / f"{name}.onnx").read_bytes()).hexdigest()
    return {"name": name, **card, "scores": scores, "sha256": digest}


def main() -> None:
    """Write one card beside each model file."""
    for name in CARDS:
        card = make_card(name)
        (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
        print(name, card["sha256"])


if __name__ == "__main__":
    main()
