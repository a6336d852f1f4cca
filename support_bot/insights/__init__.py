"""What conversations tell: figures over a period, and the questions that got no answer, in groups."""

from .clusters import Group, groups
from .figures import Figures, Period, Wait, figures, outcomes_over_time, topics_over_time
from .unanswered import Cluster, Question, clusters, questions

__all__ = [
    "Cluster",
    "Figures",
    "Group",
    "Period",
    "Question",
    "Wait",
    "clusters",
    "figures",
    "groups",
    "outcomes_over_time",
    "questions",
    "topics_over_time",
]
