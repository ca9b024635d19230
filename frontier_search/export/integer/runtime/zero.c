/* y = 0 */
P_APART void P_int_zero(void *y, int bytes)
{
    char *at = y;
    do
        *at++ = 0;
    while (--bytes);
}
