"""bronze.sample.clock — when the shop is busy, and when its visitors buy.

Visits are placed in *activity time*: a share of all the traffic of the period, between 0 and 1. An hour with much
traffic is a long stretch of it and a night a short one, so that visits spread evenly over activity time have the
right hours, weekdays and days on the wall clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOUR = 3_600_000  # ms
START = 1_430_622_000_000  # ms: Sunday 2015-05-03 03:00 UTC
END = 1_442_545_200_000  # ms: Friday 2015-09-18 03:00 UTC
HOURS = (END - START) // HOUR
FIRST_HOUR = 3  # hour of the day at START
FIRST_WEEKDAY = 6  # Sunday, where Monday is 0
SATURDAY = 5

# Events a day, in hundreds, from 2015-05-03 on; 2015-07-25 and 26 are the spike, the last three days are cut short.
DAY_LOAD = """
    137 194 230 239 231 194 127 121 162 223 237 241 222 193 209 271 268 222 217 210 164 172 238 220 219 220 196 160
    164 228 233 235 236 208 161 161 209 237 240 209 158 123 141 222 246 239 233 206 155 156 233 236 219 203 198 155
    172 230 214 207 214 208 161 157 223 244 250 250 231 208 211 261 268 241 216 202 165 168 253 236 223 216 227 271
    327 285 219 232 209 189 154 152 212 212 204 203 193 128 131 184 182 201 191 170 134 145 208 207 201 192 177 142
    140 187 197 190 195 196 149 163 186 182 175 180 177 144 146 198 208 217 225 215 155 168 209 204 115 101 15
"""
SPIKE_DAYS = (83, 84)  # 2015-07-25 and 26, counted from the first day
SPIKE_INTEREST = 0.62  # purchases per view on those two days, against other days of the weekend

# By UTC hour: views in thousandths of a day, and purchases per ten thousand views.
WORKDAY_HOURS = "52 51 53 54 53 42 26 15 8 6 6 7 11 18 30 48 60 66 66 67 69 68 65 57"
WEEKEND_HOURS = "53 52 54 57 56 48 33 20 12 8 7 8 13 20 29 42 53 60 63 63 63 62 61 61"
PURCHASES_BY_HOUR = "80 76 71 57 52 64 64 60 43 40 36 39 35 43 57 91 104 116 109 107 100 103 94 85"
WEEKEND_INTEREST = 0.66  # purchases per view on a weekend day, against a working day


def _numbers(table: str) -> NDArray[np.float64]:
    return np.array(table.split(), dtype=np.float64)


@dataclass(frozen=True)
class Clock:
    """Activity time of the period: one entry per hour, from `START` to `END`.

    Attributes:
        edges: Share of the traffic before each hour; one more entry than hours, from 0 to 1.
        interest: How ready visitors are to buy in each hour; 1 for the average visit.
    """

    edges: NDArray[np.float64]
    interest: NDArray[np.float64]

    def moments(self, shares: NDArray[np.float64]) -> NDArray[np.int64]:
        """Turn activity time, in [0, 1), into epoch milliseconds."""
        return (START + HOUR * np.interp(shares, self.edges, np.arange(HOURS + 1))).astype(np.int64)

    def interest_at(self, moments: NDArray[np.int64]) -> NDArray[np.float64]:
        """Look up how ready visitors are to buy at epoch milliseconds within the period."""
        return self.interest[(moments - START) // HOUR]


def wind_up() -> Clock:
    """Compute the clock from the tables of this module."""
    since_midnight = np.arange(HOURS) + FIRST_HOUR
    day, hour = since_midnight // 24, since_midnight % 24
    is_weekend = (day + FIRST_WEEKDAY) % 7 >= SATURDAY
    shape = np.where(is_weekend, _numbers(WEEKEND_HOURS)[hour], _numbers(WORKDAY_HOURS)[hour])
    load = _numbers(DAY_LOAD)[day] * shape / np.bincount(day, shape)[day]
    load /= load.sum()
    interest = _numbers(PURCHASES_BY_HOUR)[hour] * np.where(is_weekend, WEEKEND_INTEREST, 1.0)
    interest[np.isin(day, SPIKE_DAYS)] *= SPIKE_INTEREST
    return Clock(edges=np.append(0.0, load.cumsum() / load.sum()), interest=interest / (interest * load).sum())
