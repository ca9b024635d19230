/* 2^15 / (1 + exp(-v / 2^12)) */
P_APART int32_t P_int_sigmoid(int32_t v)
{
    return (32768 + P_int_tanh(v >> 1)) >> 1;
}
