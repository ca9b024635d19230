/* a number of 2^-15 in the numbers' own fraction, rounded */
P_APART P_number P_int_coarser(int32_t v)
{
    v = P_int_shift(v, P_COARSER);
    return (P_number)(v > P_MOST ? P_MOST : v);
}
