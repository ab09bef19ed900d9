"""The demo's families and what is on their bills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gongji.entrances.demo.hospital import Item


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a family, as the world's files have them."""

    name: str
    certificate: str
    insutype: str


MOTHER: Final = Member("王秀兰", "211202195508130022", "310")
SON: Final = Member("李建国", "211202198003010010", "310")
FATHER: Final = Member("张德福", "370811195201170014", "390")
DAUGHTER: Final = Member("张丽", "370811197811050027", "310")
SECOND_DAUGHTER: Final = Member("张敏", "370811198106220048", "310")

#: Of the region whose rule asks for allotment first, which is nobody's.
GIVER: Final = Member("陈静", "211202197911060027", "310")
GIVERS_FATHER: Final = Member("陈国栋", "211202195210160018", "390")

CT: Final = Item("002103000010000-210300001", "冠状动脉CT成像", 1, "800.00")
STATIN: Final = Item("XC10AAA028A001010101445", "阿托伐他汀钙片", 20, "20.00")
PLASTER: Final = Item("ZC02AAT0235010104398", "透骨贴膏", 1, "68.50")
LIPIDS: Final = Item("002503000010000-250300001", "血脂四项", 1, "96.00")
ECG: Final = Item("003107010010000-310701001", "常规心电图", 1, "28.00")
AMLODIPINE: Final = Item("XC08CAA258A001010102617", "苯磺酸氨氯地平片", 2, "28.60")
CHEST_CT: Final = Item("002103000020000-210300002", "胸部CT平扫", 1, "260.00")
CEFDINIR: Final = Item("XJ01DCA040B002010104021", "头孢地尼胶囊", 3, "45.60")

#: The worked example of the Tieling pack: ¥1,268.50.
FIRST_VISIT: Final = (CT, STATIN, PLASTER)
SECOND_VISIT: Final = (LIPIDS, ECG)
PHARMACY: Final = (AMLODIPINE,)

#: Eight boxes more of a drug of which one lasts four weeks, bought for cash: supervision wants to know why.
FOUR_WEEKS: Final = 28
EIGHT_BOXES: Final = (Item(AMLODIPINE.code, AMLODIPINE.name, 8, AMLODIPINE.price),)
#: What is allotted first, fen.
GIVEN: Final = 600_00

FATHERS_VISIT: Final = (CHEST_CT, CEFDINIR, PLASTER)

#: What the mother paid in cash while the hospital could not settle, as she copies it from the bill.
PAID_IN_CASH: Final = (CHEST_CT, PLASTER)
CASH_INVOICE: Final = "21120026000000000001"
CASH_BILL: Final = "cash-bill.png"
