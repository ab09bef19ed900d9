"""Where the patterns come from: published cases and texts, with the grade of what was at hand (A official, B local media,
C secondary)."""

from __future__ import annotations

from typing import Final

#: 超量开药：杭州、台州等案。
CASES: Final = "国家医保局 2025-10-09 公布的个人欺诈骗保典型案例（A）"
OVER_VOLUME: Final = "国家医保局超量开药智能监管通知，2025-11（A，转载）"
TRACE_CODES: Final = "国家医保局 2025-07 公布的药品追溯码典型案例（A）"
STOLEN_CODES: Final = "北京、桂林盗刷医保账户案，2024-11 报道（B）"
CASHED_OUT: Final = "医保卡套现案报道，10%～30% 手续费（C）"
REGULATION: Final = "《医疗保障基金使用监督管理条例》（国务院令第735号）第17、41条（A）"
RUSH: Final = "药店年底促销刷卡的报道（C）"
