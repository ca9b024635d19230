/* y = 0 */
P_APART void P_int_zero(void *y, int bytes)
{
    for (char *at = y; bytes; bytes--)
        *at++ = 0;
}
