/* hex.h - hexadecimal digits. */
#ifndef HOKO_BASE_HEX_H
#define HOKO_BASE_HEX_H

/* What C stands for, in any letter case; -1: it is no digit. */
static inline int hex_value(char c) {
  unsigned digit = (unsigned)(unsigned char)c - '0';
  unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';
  return digit <= 9 ? (int)digit : letter <= 5 ? (int)letter + 10 : -1;
}

/* The digit for the low four bits of VALUE, lower case. */
static inline char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15]; }

#endif
