
def size(title, many): return 150, 90
