"""The text of a slide together with where its sentences come from, as curation or a person made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pathalign.domain.provenance import Provenance, SentencePlace, TextSource, source_of
from pathalign.domain.records import Correction, Slide, SlideText
from pathalign.text.concepts.key import concept_key
from pathalign.text.curation import CuratedPart
from pathalign.text.deidentification.replacement import OffsetMap
from pathalign.text.malignancy import is_malignant
from pathalign.text.normalise import text_key
from pathalign.text.provenance import places_of, places_of_correction
from pathalign.text.stains.stained_text import SlideViews


@dataclass(frozen=True, slots=True)
class SourcedText:
    """A slide's text; `places` are in the offsets of the report that curation read, without its identifiers."""

    text: SlideText
    places: Provenance

    @classmethod
    def curated(cls, slide: Slide, part: CuratedPart, views: SlideViews) -> SourcedText:
        """The texts of a slide of a part, by its stain."""
        retrieval, generation = views.retrieval_text, views.generation_text
        places = Provenance(retrieval=places_of(views.retrieval), generation=places_of(views.generation))
        text = SlideText(
            slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part=part.label,
            retrieval_text=retrieval, generation_text=generation, retrieval_key=text_key(retrieval),
            concept_key=concept_key(generation or retrieval), malignant=part.malignant, split=slide.split,
            source=source_of((*places.retrieval, *places.generation)),
        )  # fmt: skip
        return cls(text, places)

    @classmethod
    def corrected(cls, slide: Slide, correction: Correction, views: SlideViews | None) -> SourcedText:
        """The text of a slide as a person wrote it, over what is curated of it, if anything."""
        found, shown = correction.retrieval_text, correction.generation_text
        text = SlideText(
            slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part=correction.part,
            retrieval_text=found, generation_text=shown, retrieval_key=text_key(found),
            concept_key=concept_key(shown or found), malignant=is_malignant(found), split=slide.split,
            source=TextSource.CORRECTION,
        )  # fmt: skip
        places = Provenance(
            retrieval=places_of_correction(found, views.retrieval if views else ()),
            generation=places_of_correction(shown, views.generation if views else ()),
        )
        return cls(text, places)

    def in_original(self, offsets: OffsetMap) -> Provenance:
        """The places in the report as registered."""

        def moved(places: Iterable[SentencePlace]) -> tuple[SentencePlace, ...]:
            return tuple(
                place
                if place.report_start is None or place.report_end is None
                else place.moved(*offsets.span_of_original(place.report_start, place.report_end))
                for place in places
            )

        return Provenance(retrieval=moved(self.places.retrieval), generation=moved(self.places.generation))
