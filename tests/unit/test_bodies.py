"""Which sources mean the same in a namespace of their own."""

from __future__ import annotations

import pytest

from pytest_a2a3sim.building.bodies import read_body

KERNEL = r"""# 7 "/kernels/add.cpp"
using namespace pto;
using Element = float;
static constexpr int kRows = (3 > 2) ? 16 : 8;
template <typename T, int N = (3 > 2)>
static inline __attribute__((always_inline)) T first(T* x, int (&sizes)[3]) {
    [[maybe_unused]] const char* text = "a;}\"" "kernel_entry";
    return x[sizes[0] ? '}' - '}' : 0];
}
namespace {
auto twice(float x) noexcept -> float { return 2 * x; }
}
extern "C" void kernel_entry(int64_t* args) {
    for (;;) { if (args[0] > 1) { break; } }
    twice(static_cast<float>(args[1]));
}
"""


def test_names_and_entries() -> None:
    body = read_body(KERNEL, "__7")
    assert body is not None
    assert body.names == {"Element", "kRows", "first", "twice", "kernel_entry"}
    assert body.entries == {"kernel_entry"}
    assert body.text == KERNEL.replace("void kernel_entry", "void kernel_entry__7")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("struct A {};", id="type"),
        pytest.param("enum E { kOne };", id="enumeration"),
        pytest.param("void f() { struct A {}; }", id="type in a function"),
        pytest.param("void f(struct A* a) {}", id="type in a parameter"),
        pytest.param("void f() { auto g = [&](int x) { return x; }; }", id="lambda"),
        pytest.param("auto f() { return [] { return 1; }; }", id="lambda that is returned"),
        pytest.param("static int x = 3;", id="variable"),
        pytest.param("float table[3];", id="array"),
        pytest.param("int x{3};", id="variable in braces"),
        pytest.param("const int x = compute();", id="constant that may be computed at the start"),
        pytest.param("constexpr int a = 1, b = 2;", id="two constants"),
        pytest.param("void f(int);", id="declaration"),
        pytest.param("void (*f)(int) = 0;", id="pointer to a function"),
        pytest.param("extern int y;", id="elsewhere"),
        pytest.param("void f() { extern int z; }", id="elsewhere, in a function"),
        pytest.param('extern "C" { void f() {} }', id="block of C"),
        pytest.param("template <> void f<int>(int) {}", id="specialisation"),
        pytest.param("template void f<int>(int);", id="instantiation"),
        pytest.param("template <class T> using V = T;", id="alias template"),
        pytest.param("int operator+(T a, T b) { return 1; }", id="operator"),
        pytest.param("void A::f() {}", id="member"),
        pytest.param("namespace a { void f() {} }", id="named namespace"),
        pytest.param("using pto::f, pto::g;", id="two names"),
        pytest.param('#pragma GCC optimize("O0")\nvoid f() {}', id="pragma"),
        pytest.param('void f() { asm("nop"); }', id="assembler"),
        pytest.param("__attribute__((constructor)) void f() {}", id="constructor"),
        pytest.param('const char* f() { return R"(})"; }', id="raw string"),
        pytest.param("const char* f() { return __func__; }", id="own name"),
        pytest.param("auto f() { return typeid(int).name(); }", id="type's name"),
        pytest.param("int f(a) int a; {}", id="old style"),
        pytest.param("template <class Q> Q (scale)(Q x) { return 5 * x; }", id="name in brackets"),
        pytest.param("static Real (scale)(Real x) { return x; }", id="name in brackets, typedef"),
        pytest.param("static unsigned int (scale)(int x) { return x; }", id="the same, int"),
        pytest.param("static Real (state){compute()};", id="variable with a name in brackets"),
        pytest.param("static int (*f)(int) {compute()};", id="pointer in braces"),
        pytest.param("using value_t [[maybe_unused]] = int;", id="alias with an attribute"),
        pytest.param("using pto::f;", id="name of a header"),
        pytest.param("int main() { }", id="main"),
        pytest.param("void _init() {}", id="start of an object"),
        pytest.param("using namespace a2a3sim_unit_0;", id="name of a neighbour"),
        pytest.param('void f() { static int e __attribute__((section("regs"))); }', id="section"),
        pytest.param("void f() { int g(int) __attribute__((weak)); }", id="weak"),
        pytest.param("[[gnu::constructor]] void f() {}", id="constructor as an attribute"),
        pytest.param("void f() { g<struct Tag>(); }", id="type in an argument"),
        pytest.param("void f() { g(__builtin_FUNCTION()); }", id="own name, built in"),
        pytest.param("void f() { g(" + 2000 * "(" + "1" + 2000 * ")" + "); }", id="deep"),
        pytest.param("int x = 1; \\\nvoid f() {}", id="spliced"),
        pytest.param("void f() {", id="not closed"),
        pytest.param("void f() }", id="not opened"),
    ],
)
def test_what_may_mean_something_else(text: str) -> None:
    assert read_body(text, "__7") is None
