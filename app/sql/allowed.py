"""sql.allowed — what a parse tree may hold: classes of Spark's parser, functions, hints. All else is refused.

A function is here if it is pure, allocates no more than its arguments hold, runs no pattern of the reader's making and
tells nothing of process, user or machine. So there is no `repeat`, `sequence`, `lpad`, `format_string`, no regular
expression, no XML, Avro, JSON or cryptography, no `reflect`, no sketch.
"""

CATALYST = "org.apache.spark.sql.catalyst."
LOGICAL, EXPRESSIONS, ANALYSIS = f"{CATALYST}plans.logical.", f"{CATALYST}expressions.", f"{CATALYST}analysis."
TYPES = "org.apache.spark.sql.types."


def _in(package: str, names: str) -> frozenset[str]:
    return frozenset(package + name for name in names.split())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLANS = _in(
    LOGICAL,
    "Aggregate Distinct Except Filter Generate GlobalLimit Intersect Join LateralJoin LocalLimit LocalRelation Offset "
    "OneRowRelation Pivot Project Sample Sort SubqueryAlias Union UnresolvedHint UnresolvedWith Unpivot "
    "WithWindowDefinition",
) | _in(
    ANALYSIS,
    "UnresolvedHaving UnresolvedInlineTable UnresolvedRelation UnresolvedSubqueryColumnAliases "
    "UnresolvedTVFAliases UnresolvedTableValuedFunction",
)

EXPRESSION_CLASSES = (
    _in(
        EXPRESSIONS,
        "Add Alias And BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CaseWhen Cast Coalesce Concat CreateNamedStruct Cube "
        "CurrentDate CurrentTimestamp Divide EqualNullSafe EqualTo Exists GreaterThan GreaterThanOrEqual GroupingSets "
        "ILike In InSubquery IntegralDivide IsNotNull IsNull LambdaFunction LateralSubquery "
        "LessThan LessThanOrEqual Like LikeAll LikeAny ListQuery Literal Multiply NamePlaceholder$ Not "
        "NotLikeAll NotLikeAny Or Remainder Rollup ScalarSubquery SortOrder SpecifiedWindowFrame StringLocate "
        "StringTrim StringTrimLeft StringTrimRight Substring Subtract TimestampAdd TimestampDiff UnaryMinus "
        "UnaryPositive UnresolvedNamedLambdaVariable UnresolvedWindowExpression UnspecifiedFrame$ WindowExpression "
        "WindowSpecDefinition CurrentRow$ UnboundedPreceding$ UnboundedFollowing$",
    )
    | _in(f"{EXPRESSIONS}aggregate.", "AggregateExpression AnyValue First Last")
    | _in(
        ANALYSIS,
        "MultiAlias UnresolvedAlias UnresolvedAttribute UnresolvedExtractValue UnresolvedFunction UnresolvedGenerator "
        "UnresolvedOrdinal UnresolvedStar UnresolvedStarExceptOrReplace",
    )
)

# What nodes carry beside other nodes.
PARTS = (
    _in(CATALYST, "AliasIdentifier")
    | _in(
        EXPRESSIONS,
        "Ascending$ Descending$ ExprId NullsFirst$ NullsLast$ NumericEvalContext RangeFrame$ RowFrame$ "
        "WindowSpecReference",
    )
    | _in(f"{EXPRESSIONS}aggregate.", "Complete$")
    | _in(
        f"{CATALYST}plans.",
        "Cross$ FullOuter$ Inner$ LeftAnti$ LeftOuter$ LeftSemi$ NaturalJoin RightOuter$ UsingJoin",
    )
    | _in(LOGICAL, "JoinHint SampleMethod$Bernoulli$ SampleMethod$System$")
    | frozenset({"scala.None$", "scala.Some", "scala.Tuple2", "scala.Tuple3"})
)
# What has no parts to look into: values, and how Spark evaluates.
OPAQUE = _in(
    TYPES,
    "BinaryType$ BooleanType$ ByteType$ DateType$ DayTimeIntervalType Decimal DecimalType DoubleType$ FloatType$ "
    "IntegerType$ LongType$ NullType$ ShortType$ StringType StringType$ TimestampNTZType$ TimestampType$ "
    "YearMonthIntervalType ArrayType MapType StructType CharType VarcharType Metadata",
) | frozenset({"org.apache.spark.unsafe.types.UTF8String", "java.util.UUID", "scala.Enumeration$Val"})

FUNCTIONS = _words(
    """
    abs acos acosh asin asinh atan atan2 atanh bit_count bround cbrt ceil ceiling cos cosh cot degrees div e exp
    expm1 floor greatest hypot isnan ln log log10 log1p log2 least mod nanvl negative pi pmod positive pow power
    radians rint round sec sign signum sin sinh sqrt tan tanh try_add try_divide try_mod try_multiply
    try_subtract width_bucket uniform rand
    between coalesce if iff ifnull isnull isnotnull nullif nullifzero nvl nvl2 zeroifnull bigint boolean date decimal
    double float int smallint string timestamp tinyint typeof
    ascii bit_length btrim char char_length character_length chr concat concat_ws contains endswith find_in_set
    initcap instr lcase left len length levenshtein locate lower ltrim octet_length position replace reverse
    right rtrim soundex split_part startswith substr substring substring_index translate trim ucase upper
    add_months curdate current_date current_timestamp date_add date_diff date_format date_from_unix_date
    date_part date_sub date_trunc dateadd datediff datepart day dayname dayofmonth dayofweek dayofyear extract
    from_unixtime hour last_day localtimestamp make_date make_timestamp minute month monthname months_between
    next_day now quarter second timestamp_micros timestamp_millis timestamp_seconds to_date to_timestamp trunc
    try_to_date try_to_timestamp unix_date unix_micros unix_millis unix_seconds unix_timestamp weekday
    weekofyear year
    aggregate array array_append array_compact array_contains array_distinct array_except array_intersect
    array_join array_max array_min array_position array_prepend array_remove array_size array_sort array_union
    arrays_overlap arrays_zip cardinality element_at exists filter flatten forall get map map_contains_key
    map_entries map_from_arrays map_from_entries map_keys map_values named_struct reduce size slice sort_array
    struct transform try_element_at zip_with
    any any_value approx_count_distinct approx_percentile array_agg avg bit_and bit_or bit_xor bool_and bool_or
    collect_list collect_set corr count count_if covar_pop covar_samp every first first_value grouping
    grouping_id kurtosis last last_value listagg max max_by mean median min min_by mode percentile
    percentile_approx percentile_cont percentile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope skewness some std stddev stddev_pop stddev_samp string_agg sum try_avg try_sum var_pop var_samp
    variance
    cume_dist dense_rank lag lead nth_value ntile percent_rank rank row_number
    """
)
# A further argument of these is how exact they are, which costs memory.
MOST_ARGUMENTS = {"approx_count_distinct": 1, "approx_percentile": 2, "percentile_approx": 2}
GENERATORS = _words("explode explode_outer inline inline_outer posexplode posexplode_outer")
HINTS = _words("broadcast broadcastjoin mapjoin merge mergejoin shuffle_hash shuffle_merge shuffle_replicate_nl")
# Names without brackets that are functions, where no column has them.
TELLING_NAMES = _words(
    "current_catalog current_database current_path current_role current_schema current_user session_user system_user "
    "user"
)
HIDDEN_COLUMN = "_metadata"  # paths and times of a table's files
# Leaves of an analysed plan that read nothing: what a query writes itself, and a table without rows.
HARMLESS_LEAVES = _in(LOGICAL, "CTERelationRef LocalRelation OneRowRelation Range") | frozenset(
    {"org.apache.spark.sql.execution.LogicalRDD"}
)
TABLE_LEAF = "org.apache.spark.sql.execution.datasources.LogicalRelation"
