"""Clusters of lines of one length and one first word, and how the one most like a line is found among many."""

from __future__ import annotations

from collections import Counter

from diagkit.logs.templates.cluster import Cluster
from diagkit.logs.templates.template import Template

LIKENESS = 0.5  # share of words in common that makes lines alike. Source: He et al. 2017 use 0.4-0.7, by data set
FEW = 16  # clusters that are all looked at; of more, those that share most words with the line
COMMON = 256  # clusters with one word at one place from which on that word tells nothing


class Shelf:
    """Clusters, by the words that they have at each place."""

    __slots__ = ("_by_word", "clusters", "templates")

    def __init__(self) -> None:
        self.clusters: list[Cluster] = []
        self.templates = 0
        self._by_word: dict[tuple[int, str], list[Cluster]] = {}

    def template(self, tokens: tuple[str, ...], parameters: frozenset[int]) -> Template:
        """The template of a line, in the cluster most like it, which is a new one if none is like it."""
        best, likeness = None, LIKENESS
        for cluster in self._candidates(tokens):
            if (like := cluster.likeness(tokens)) > likeness or (best is None and like == likeness):
                best, likeness = cluster, like
        if best is None:
            best = Cluster(len(tokens))
            self.clusters.append(best)
        for place, token in enumerate(tokens):
            if best.takes(place, token):
                self._by_word.setdefault((place, token), []).append(best)
        before = len(best.templates)
        found = best.template(tokens, parameters)
        self.templates += len(best.templates) - before
        return found

    def forget(self, gone: set[int]) -> None:
        """Drop these templates, given by identity, and what is then empty."""
        for cluster in self.clusters:
            cluster.templates = [template for template in cluster.templates if id(template) not in gone]
        empty = {id(cluster) for cluster in self.clusters if not cluster.templates}
        self.clusters = [cluster for cluster in self.clusters if id(cluster) not in empty]
        self._by_word = {
            word: kept
            for word, clusters in self._by_word.items()
            if (kept := [cluster for cluster in clusters if id(cluster) not in empty])
        }
        self.templates = sum(len(cluster.templates) for cluster in self.clusters)

    def _candidates(self, tokens: tuple[str, ...]) -> list[Cluster]:
        if len(self.clusters) <= FEW:
            return self.clusters
        votes: Counter[Cluster] = Counter()
        for place, token in enumerate(tokens):
            clusters = self._by_word.get((place, token), ())
            if len(clusters) <= COMMON:
                votes.update(clusters)
        return [cluster for cluster, _ in votes.most_common(FEW)]
