"""What conversations tell: figures over a period, and the questions that got no answer, in groups."""

from .clusters import Group, groups
from .figures import Figures, Period, Row, Wait, figures, outcomes_over_time, tally, topics_over_time
from .unanswered import Cluster, Question, clusters, questions

__all__ = [
    "Cluster",
    "Figures",
    "Group",
    "Period",
    "Question",
    "Row",
    "Wait",
    "clusters",
    "figures",
    "groups",
    "outcomes_over_time",
    "questions",
    "tally",
    "topics_over_time",
]
