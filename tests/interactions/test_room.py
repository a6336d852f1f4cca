import subprocess
import sys


def test_the_numeric_rooms_load_neither_django_nor_torch_nor_scipy():
    code = (
        "import sys, recommendations.interactions, recommendations.evaluation;"
        "print([name for name in ('django', 'torch', 'scipy', 'pandas') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
