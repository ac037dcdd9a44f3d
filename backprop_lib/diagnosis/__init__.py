"""Which textbook mistake produces exactly these wrong gradients?"""

from .bank import MISTAKES, BankTable, Mistake
from .black_box import diagnose_array
from .report import Diagnosis, Suspect
from .verdict import diagnose
