/* Answers `cpuid` as a processor without AVX-512 would; preloaded into each process.

   User space cannot change what the instruction answers, and not every processor and kernel lets it
   trap. So `patched_libraries.py` replaces it by an instruction that does not exist, of the same
   length; the signal that raises comes here. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

/* PUSH ES, which 64-bit mode does not have and no compiler writes, before cpuid's second byte. UD2
   would not do: it is how programs end themselves, and must go on to do so. */
#define REPLACED_FIRST 0x06
#define CPUID_SECOND 0xa2

#define BIT(number) (1u << (number))

/* Leaf 7 and its subleaf 1: AVX-512 and all that came later with vectors or tiles, as no processor
   with AVX2 alone has it: AVX-VNNI, AVX-IFMA, AVX10, AMX. */
#define LEAF_FEATURES 7
#define NO_EBX (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
#define NO_ECX (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define NO_EDX (BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25))
#define NO_EAX_1 (BIT(4) | BIT(5) | BIT(21) | BIT(23))

/* Leaf 13: parts of the register state that the system saves; mask registers, both halves that
   AVX-512 adds, tiles. */
#define LEAF_STATE 13
#define NO_STATE (BIT(5) | BIT(6) | BIT(7) | BIT(17) | BIT(18))

static struct sigaction before;

static void hide_avx512(uint32_t leaf, uint32_t subleaf, uint32_t answer[4])
{
    if (leaf == LEAF_FEATURES && subleaf == 0) {
        answer[1] &= ~NO_EBX;
        answer[2] &= ~NO_ECX;
        answer[3] &= ~NO_EDX;
    } else if (leaf == LEAF_FEATURES && subleaf == 1) {
        answer[0] &= ~NO_EAX_1;
        answer[3] = 0; /* more of AVX-VNNI, and AVX10 */
    } else if (leaf == LEAF_STATE && subleaf == 0) {
        answer[0] &= ~NO_STATE;
    }
}

static void on_illegal_instruction(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *instruction = (const uint8_t *)registers[REG_RIP];
    if (instruction[0] != REPLACED_FIRST || instruction[1] != CPUID_SECOND) {
        sigaction(SIGILL, &before, NULL); /* it runs again and ends as it would have */
        return;
    }
    uint32_t leaf = registers[REG_RAX], subleaf = registers[REG_RCX], answer[4];
    __cpuid_count(leaf, subleaf, answer[0], answer[1], answer[2], answer[3]);
    hide_avx512(leaf, subleaf, answer);
    registers[REG_RAX] = answer[0];
    registers[REG_RBX] = answer[1];
    registers[REG_RCX] = answer[2];
    registers[REG_RDX] = answer[3];
    registers[REG_RIP] += 2;
}

/* Before the constructors of the libraries that ask: Python loads all of them later. On the stack
   of the thread that asks, as OpenVINO frees those that it has given threads for signals. */
__attribute__((constructor)) static void begin(void)
{
    struct sigaction ours = {.sa_sigaction = on_illegal_instruction, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &ours, &before);
}
