"""model.queries — what the page asks of predictions and of their weekly sums."""

from app.context import PageContext
from app.data.query import Statement, query

PREDICTIONS = {"ml.predictions": "visitor_id model_version part probability label superseded_at"}
QUALITY = (
    "week model_version part num_predictions num_labelled num_positives num_flagged num_flagged_positives "
    "sum_probability sum_log_loss"
)
DRIFT = "model_version week feature bin num_points num_test"
STEPS = 16  # bins of one unit of log-odds
WIDEST = 16  # log-odds; beyond them a probability counts as at the edge


@query(PREDICTIONS, params=())
def scores(context: PageContext) -> Statement:
    """Count the champion's labelled predictions of its test, and of what came later, by steps of log-odds."""
    sql = f"""
            SELECT floor({STEPS} * greatest(-{WIDEST}, least({WIDEST}, ln(probability / (1 - probability)))))::INTEGER
                       AS step,
                   count(*)::BIGINT AS num_points, sum(label)::BIGINT AS num_positives,
                   sum(probability) AS sum_probability
            FROM ml.predictions
            WHERE model_version = $version AND part = $part AND label IS NOT NULL AND superseded_at IS NULL
              AND probability > 0 AND probability < 1
            GROUP BY step ORDER BY step DESC"""
    return Statement(sql, {"version": _version(context), "part": _part(context)})


@query(PREDICTIONS, params=())
def calibration(context: PageContext) -> Statement:
    """Sum up tenths of those predictions, the highest scores first: sums over visitors of points and of purchases."""
    sql = """
            WITH tenths AS (
                SELECT ntile(10) OVER (ORDER BY probability DESC, visitor_id) AS tenth, visitor_id, probability, label
                FROM ml.predictions
                WHERE model_version = $version AND part = $part AND label IS NOT NULL AND superseded_at IS NULL),
            visitors AS (
                SELECT tenth, visitor_id, sum(probability) AS promised, count(*)::BIGINT AS x, sum(label)::BIGINT AS y
                FROM tenths GROUP BY tenth, visitor_id)
            SELECT tenth, sum(promised) / sum(x) AS promised, sum(x)::BIGINT AS x1, sum(y)::BIGINT AS y1,
                   sum(x * x)::BIGINT AS x1x1, sum(x * y)::BIGINT AS x1y1, sum(y * y)::BIGINT AS y1y1,
                   count(*)::BIGINT AS visitors1
            FROM visitors GROUP BY tenth ORDER BY tenth"""
    return Statement(sql, {"version": _version(context), "part": _part(context)})


@query({"ml.prediction_quality": QUALITY}, params=())
def weeks(context: PageContext) -> Statement:
    """Sum up the champion's labelled predictions by week and part."""
    sql = """
            SELECT week, model_version, part, sum(num_predictions)::BIGINT AS num_predictions,
                   sum(num_labelled)::BIGINT AS num_labelled, sum(num_positives)::BIGINT AS num_positives,
                   sum(num_flagged)::BIGINT AS num_flagged, sum(num_flagged_positives)::BIGINT AS num_flagged_positives,
                   sum(sum_probability) AS sum_probability, sum(sum_log_loss) AS sum_log_loss
            FROM ml.prediction_quality
            WHERE model_version = $version
            GROUP BY week, model_version, part ORDER BY week, part"""
    return Statement(sql, {"version": _version(context)})


@query({"ml.feature_drift": DRIFT}, params=())
def drift(context: PageContext) -> Statement:
    """List how the champion's inputs and its score are spread, by week and bin, beside the test."""
    sql = """
            SELECT model_version, week, feature, bin, num_points, num_test
            FROM ml.feature_drift
            WHERE model_version = $version ORDER BY week, feature, bin"""
    return Statement(sql, {"version": _version(context)})


def _part(context: PageContext) -> str:
    """Return the part of the time that judges the model: of a borrowed one nothing here is its test."""
    return "later" if context.model and context.model.is_borrowed else "test"


def _version(context: PageContext) -> int:
    return context.model.version if context.model else 0
