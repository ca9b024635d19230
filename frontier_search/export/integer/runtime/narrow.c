/* y = s / 2^shift, between least and MOST */
P_APART void P_int_narrow(const int32_t *s, P_number *y, int n, int shift, int least)
{
    do {
        int32_t value = P_int_shift(*s++, shift);
        if (value > P_MOST)
            value = P_MOST;
        if (value < least)
            value = least;
        *y++ = (P_number)value;
    } while (--n);
}
