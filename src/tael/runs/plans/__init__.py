"""What a scenario's TOML may say of its parts, checked before anything is computed."""

from tael.runs.plans.alerts import AlertsPlan, LinePlan, PatternsPlan
from tael.runs.plans.approval import ApprovalPlan, Limit
from tael.runs.plans.gangs import GangsPlan
from tael.runs.plans.governance import AccountsPlan, GovernancePlan
from tael.runs.plans.learning import ModelPlan, RecommendPlan, RisksPlan, TreatmentPlan
from tael.runs.plans.options import GroupPlan, OptionPlan, OptionsPlan, TemplatePlan
from tael.runs.plans.sampling import ExamplePlan, FeaturePlan, SplitPlan

DecisionPlan = ApprovalPlan | OptionsPlan | AlertsPlan | GangsPlan

__all__ = [
    "AccountsPlan",
    "AlertsPlan",
    "ApprovalPlan",
    "DecisionPlan",
    "ExamplePlan",
    "FeaturePlan",
    "GangsPlan",
    "GovernancePlan",
    "GroupPlan",
    "Limit",
    "LinePlan",
    "ModelPlan",
    "OptionPlan",
    "OptionsPlan",
    "PatternsPlan",
    "RecommendPlan",
    "RisksPlan",
    "SplitPlan",
    "TemplatePlan",
    "TreatmentPlan",
]
